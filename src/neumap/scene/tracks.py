"""Tracks: key-points of several views that are matched as the same point."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True, eq=False)
class Tracks:
    """Observations grouped by track and sorted by it; each view at most once a track."""

    obs_track_idx: Int[np.ndarray, " obs"]
    obs_view_idx: Int[np.ndarray, " obs"]
    obs_pixel_idx: Int[np.ndarray, " obs"]

    @property
    def num_tracks(self) -> int:
        """Number of tracks; indices run from 0 without gaps."""
        return int(self.obs_track_idx[-1]) + 1 if len(self.obs_track_idx) else 0

    @classmethod
    def sorted_by_track(
        cls,
        track_idx: Int[np.ndarray, " obs"],
        view_idx: Int[np.ndarray, " obs"],
        pixel_idx: Int[np.ndarray, " obs"],
    ) -> "Tracks":
        """Sort observations and renumber the tracks without gaps."""
        order = np.lexsort((view_idx, track_idx))
        renumbered = np.unique(track_idx[order], return_inverse=True)[1].reshape(-1)
        return cls(renumbered, view_idx[order], pixel_idx[order])


def link_tracks(
    matches: dict[tuple[int, int], np.ndarray], num_pixels: Int[np.ndarray, " view"]
) -> Tracks:
    """Join matches (pixel index in view i, in view j) to tracks by connected components.

    A view that occurs twice in a track is ambiguous there, and its observations are dropped;
    tracks with fewer than two views left are dropped.
    """
    first = np.concatenate([[0], np.cumsum(num_pixels)])
    nodes_a = [first[i] + pairs[:, 0] for (i, _), pairs in matches.items()]
    nodes_b = [first[j] + pairs[:, 1] for (_, j), pairs in matches.items()]
    if not nodes_a:
        empty = np.zeros(0, dtype=np.int64)
        return Tracks(empty, empty, empty)
    a, b = np.concatenate(nodes_a), np.concatenate(nodes_b)
    total = int(first[-1])
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(total, total))
    labels = connected_components(graph, directed=False)[1]
    used = np.unique(np.concatenate([a, b]))
    track, view = labels[used], np.searchsorted(first, used, side="right") - 1
    pixel = used - first[view]
    key = track.astype(np.int64) * len(num_pixels) + view
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    single = counts[inverse.reshape(-1)] == 1
    return drop_short(
        Tracks.sorted_by_track(track[single], view[single], pixel[single]), min_views=2
    )


def drop_short(tracks: Tracks, *, min_views: int) -> Tracks:
    """Keep the tracks seen by at least `min_views` views."""
    lengths = np.bincount(tracks.obs_track_idx, minlength=tracks.num_tracks)
    keep = lengths[tracks.obs_track_idx] >= min_views
    return Tracks.sorted_by_track(
        tracks.obs_track_idx[keep], tracks.obs_view_idx[keep], tracks.obs_pixel_idx[keep]
    )
