import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neumap.scene.tracks import Matches, Tracks, drop_short, link_tracks


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
    """Link pairs of key-points; a third entry is their likeness, 1 where it is left out."""
    found = {}
    for views, links in matches.items():
        pairs = np.array([link[:2] for link in links], dtype=np.int64).reshape(-1, 2)
        likeness = np.array([link[2] if len(link) > 2 else 1.0 for link in links], np.float32)
        found[views] = Matches(pairs, likeness)
    return link_tracks(found, np.array(num_pixels))


def test_matches_that_share_a_key_point_are_one_track():
    tracks = linked({(0, 1): [(0, 2), (1, 3)], (1, 2): [(2, 4)], (0, 3): [(1, 0)]})
    assert sets(tracks) == {
        frozenset({(0, 0), (1, 2), (2, 4)}),
        frozenset({(0, 1), (1, 3), (3, 0)}),
    }


def test_of_two_key_points_of_a_view_the_more_alike_stays():
    links = {(0, 1): [(0, 0, 0.8)], (1, 2): [(0, 0, 0.9)], (0, 2): [(3, 0, 0.7)]}
    assert sets(linked(links)) == {frozenset({(0, 0), (1, 0), (2, 0)})}
    links[0, 2] = [(3, 0, 0.95)]
    assert sets(linked(links)) == {frozenset({(0, 3), (1, 0), (2, 0)})}


def test_a_wrong_match_between_two_whole_tracks_does_not_weld_them():
    links = {(0, 1): [(0, 0, 0.9), (1, 1, 0.9)], (1, 2): [(0, 0, 0.9), (1, 1, 0.9), (0, 1, 0.8)]}
    assert sets(linked(links)) == {
        frozenset({(0, 0), (1, 0), (2, 0)}),
        frozenset({(0, 1), (1, 1), (2, 1)}),
    }


def test_a_key_point_whose_only_match_is_left_out_has_no_track():
    assert sets(linked({(0, 1): [(0, 0, 0.9), (1, 0, 0.8)]})) == {frozenset({(0, 0), (1, 0)})}


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


LINKS = st.lists(
    st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(0, 4)] * 2, st.floats(0.5, 1, width=32)),
    max_size=30,
)


@given(LINKS)
def test_tracks_lie_in_connected_components_and_show_each_view_once(links):
    matches, component = in_pairs(links), components(links)
    tracks = linked(matches)
    assert rows(tracks) == sorted(rows(tracks))
    nodes = [(view, pixel) for _, view, pixel in rows(tracks)]
    assert len(set(nodes)) == len(nodes)
    for track in sets(tracks):
        assert len({view for view, _ in track}) == len(track) >= 2
        assert track <= component[min(track)]
    for i, j, p, q, _ in links:  # a clear component is one track
        views = [view for view, _ in component[i, p]]
        if i < j and len(set(views)) == len(views):
            assert frozenset(component[i, p]) in sets(tracks)
            assert (j, q) in component[i, p]


@given(LINKS)
def test_the_most_alike_match_of_all_is_in_a_track(links):
    links = [link for link in links if link[0] < link[1]]
    if not links:
        return
    i, j, p, q, _ = max(links, key=lambda link: link[4])
    best = [link for link in links if link[4] == max(link[4] for link in links)]
    if len(best) == 1:
        assert any({(i, p), (j, q)} <= track for track in sets(linked(in_pairs(links))))


def in_pairs(links):
    matches: dict[tuple[int, int], list] = {}
    for i, j, p, q, likeness in links:
        if i < j:
            matches.setdefault((i, j), []).append((p, q, likeness))
    return matches


def components(links):
    """Key-points that links join, by key-point."""
    component = {(view, pixel): {(view, pixel)} for view in range(4) for pixel in range(5)}
    for i, j, p, q, _ in links:
        if i < j:
            joined = component[i, p] | component[j, q]
            for node in joined:
                component[node] = joined
    return component
