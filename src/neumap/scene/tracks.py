"""Tracks: key-points of several views that are matched as the same point."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int


@dataclass(frozen=True, eq=False)
class Matches:
    """Key-points of two views that are taken for the same point."""

    pixel_idx: Int[np.ndarray, "match 2"]
    """Index in the first and in the second view."""
    similarity: Float32[np.ndarray, " match"]
    """Cosine of their descriptors."""


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
    matches: Mapping[tuple[int, int], Matches], num_pixels: Int[np.ndarray, " view"]
) -> Tracks:
    """Join the matches of pairs of views to tracks, most alike first.

    A match that would give a track two key-points of one view is left out: one wrong match then
    costs one match, where it would weld two whole tracks of connected components. Tracks with
    fewer than two views are dropped.
    """
    first = np.concatenate([[0], np.cumsum(num_pixels)])
    nodes_a = [first[i] + found.pixel_idx[:, 0] for (i, _), found in matches.items()]
    nodes_b = [first[j] + found.pixel_idx[:, 1] for (_, j), found in matches.items()]
    if not nodes_a:
        empty = np.zeros(0, dtype=np.int64)
        return Tracks(empty, empty, empty)
    nodes = np.stack([np.concatenate(nodes_a), np.concatenate(nodes_b)], axis=1)
    similarity = np.concatenate([found.similarity for found in matches.values()])
    used, links = np.unique(nodes, return_inverse=True)
    links = links.reshape(nodes.shape)[np.argsort(-similarity, kind="stable")]
    view = np.searchsorted(first, used, side="right") - 1
    track = _joined(links, view)
    return drop_short(Tracks.sorted_by_track(track, view, used - first[view]), min_views=2)


def _joined(
    links: Int[np.ndarray, "link 2"], view: Int[np.ndarray, " node"]
) -> Int[np.ndarray, " node"]:
    """Track of each node: links join tracks in turn unless both show the same view."""
    parent = list(range(len(view)))
    views_shown = [1 << index for index in view.tolist()]  # a bit a view

    def root_of(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]  # halves the path for the next time
            node = parent[node]
        return node

    for a, b in links.tolist():
        root_a, root_b = root_of(a), root_of(b)
        if root_a != root_b and not views_shown[root_a] & views_shown[root_b]:
            parent[root_b] = root_a
            views_shown[root_a] |= views_shown[root_b]
    return np.array([root_of(node) for node in range(len(view))], dtype=np.int64)


def drop_short(tracks: Tracks, *, min_views: int) -> Tracks:
    """Keep the tracks seen by at least `min_views` views."""
    lengths = np.bincount(tracks.obs_track_idx, minlength=tracks.num_tracks)
    keep = lengths[tracks.obs_track_idx] >= min_views
    return Tracks.sorted_by_track(
        tracks.obs_track_idx[keep], tracks.obs_view_idx[keep], tracks.obs_pixel_idx[keep]
    )
