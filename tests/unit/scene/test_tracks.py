import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neumap.scene.tracks import Tracks, drop_short, link_tracks


def rows(tracks):
    return list(
        zip(
            tracks.obs_track_idx.tolist(),
            tracks.obs_view_idx.tolist(),
            tracks.obs_pixel_idx.tolist(),
            strict=True,
        )
    )


def sets(tracks):
    """Each track as a set of (view, pixel)."""
    return {
        frozenset((v, p) for t, v, p in rows(tracks) if t == track)
        for track in range(tracks.num_tracks)
    }


def linked(matches, num_pixels=(5, 5, 5, 5)):
    arrays = {k: np.array(v, dtype=np.int64).reshape(-1, 2) for k, v in matches.items()}
    return link_tracks(arrays, np.array(num_pixels))


def test_matches_that_share_a_key_point_are_one_track():
    tracks = linked({(0, 1): [(0, 2), (1, 3)], (1, 2): [(2, 4)], (0, 3): [(1, 0)]})
    assert sets(tracks) == {
        frozenset({(0, 0), (1, 2), (2, 4)}),
        frozenset({(0, 1), (1, 3), (3, 0)}),
    }


def test_a_view_twice_in_a_track_is_dropped_from_it():
    tracks = linked({(0, 1): [(0, 0)], (1, 2): [(0, 0)], (0, 2): [(3, 0)]})
    assert sets(tracks) == {frozenset({(1, 0), (2, 0)})}


def test_a_track_with_one_view_left_is_dropped():
    tracks = linked({(0, 1): [(0, 0), (1, 1)], (1, 2): [(1, 1)], (0, 2): [(4, 1)]}, (5, 2, 2))
    assert frozenset({(0, 0), (1, 0)}) in sets(tracks)
    tracks = linked({(0, 1): [(0, 0), (1, 0)]})
    assert tracks.num_tracks == 0


def test_no_matches_give_no_tracks():
    assert linked({}).num_tracks == 0
    assert linked({(0, 1): [], (1, 2): []}).num_tracks == 0
    assert linked({(0, 1): []}, (0, 0)).num_tracks == 0


def test_short_tracks_are_dropped_and_the_others_renumbered():
    tracks = Tracks.sorted_by_track(
        np.array([7, 7, 3, 9, 9, 9]), np.array([1, 0, 0, 2, 0, 1]), np.array([4, 5, 6, 7, 8, 9])
    )
    assert rows(tracks) == [(0, 0, 6), (1, 0, 5), (1, 1, 4), (2, 0, 8), (2, 1, 9), (2, 2, 7)]
    assert rows(drop_short(tracks, min_views=2)) == [
        *[(0, 0, 5), (0, 1, 4)],
        *[(1, 0, 8), (1, 1, 9), (1, 2, 7)],
    ]
    assert drop_short(tracks, min_views=4).num_tracks == 0


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(0, 4)] * 2), max_size=30))
def test_tracks_are_the_connected_components_without_ambiguous_views(links):
    links = [(i, j, p, q) for i, j, p, q in links if i < j]
    matches: dict[tuple[int, int], list] = {}
    for i, j, p, q in links:
        matches.setdefault((i, j), []).append((p, q))
    component = {(v, p): {(v, p)} for v in range(4) for p in range(5)}
    for i, j, p, q in links:
        joined = component[i, p] | component[j, q]
        for node in joined:
            component[node] = joined
    expected = set()
    for nodes in component.values():
        views = [v for v, _ in nodes]
        clear = frozenset(n for n in nodes if views.count(n[0]) == 1)
        if len(clear) >= 2:
            expected.add(clear)
    tracks = linked(matches)
    assert sets(tracks) == expected
    assert rows(tracks) == sorted(rows(tracks))
