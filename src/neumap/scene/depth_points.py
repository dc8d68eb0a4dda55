"""Points from depth: views in turn find the points they know and add what is new.

With depth and poses no pairs are needed: the cost is linear in the number of views, and a point
collects every view that shows it.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.scene.association import AssociationConfig, associate
from neumap.scene.point_fit import PointFitConfig, fit_points
from neumap.scene.points_config import Progress
from neumap.scene.scene import MappingView, ScenePoints
from neumap.scene.tracks import Tracks, drop_short

_MIN_NEW_SHARE = 0.4  # a view adds points only if this share of its key-points is unknown
_MIN_VIEWS = 3  # a point seen less often is noise or was moved


class _KnownPoints:
    """Positions and mean descriptors that grow view by view.

    Only what a view adds or changes is written: a copy of all points for each view would make the
    time grow with the square of the views.
    """

    def __init__(self, num_channels: int) -> None:
        self._count = 0
        self._xyz = np.zeros((0, 3))
        self._sums = np.zeros((0, num_channels), dtype=np.float32)
        self._means = np.zeros((0, num_channels), dtype=np.float32)

    @property
    def xyz_in_world(self) -> Float[np.ndarray, "point 3"]:
        return self._xyz[: self._count]

    @property
    def descriptors(self) -> Float32[np.ndarray, "point channel"]:
        """Means over the observations so far, unit length."""
        return self._means[: self._count]

    def add(self, xyz_in_world: Float[np.ndarray, "n 3"]) -> Int[np.ndarray, " n"]:
        """Append points without a descriptor yet; return their indices."""
        first, self._count = self._count, self._count + len(xyz_in_world)
        if self._count > len(self._xyz):
            room = 2 * self._count  # so that all copies together cost about two
            self._xyz = _with_rows(self._xyz, room)
            self._sums = _with_rows(self._sums, room)
            self._means = _with_rows(self._means, room)
        self._xyz[first : self._count] = xyz_in_world
        return np.arange(first, self._count)

    def observe(
        self, point_idx: Int[np.ndarray, " n"], descriptors: Float32[np.ndarray, "n channel"]
    ) -> None:
        """Add what one view shows of some points, each at most once."""
        sums = self._sums[point_idx] + descriptors
        self._sums[point_idx] = sums
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        self._means[point_idx] = sums / np.maximum(norms, 1e-12)


def _with_rows(values: np.ndarray, num_rows: int) -> np.ndarray:
    """Copy to the front of an array of more rows, zero beyond."""
    out = np.zeros((num_rows, values.shape[1]), dtype=values.dtype)
    out[: len(values)] = values
    return out


def points_from_depth(
    views: tuple[MappingView, ...],
    depths: list[np.ndarray],
    config: AssociationConfig,
    *,
    fit: PointFitConfig,
    progress: Progress,
) -> ScenePoints:
    """Points seen by at least 3 views (2 where there are fewer than 6 views)."""
    known = _KnownPoints(views[0].features.descriptors.shape[1])
    observations: list[Int[np.ndarray, "n 3"]] = []
    for index, (view, depth) in enumerate(zip(views, depths, strict=True)):
        progress("points", index, len(views))
        if len(view.xy_cam) == 0:
            continue
        point_idx, pixel_idx = associate(
            known.xyz_in_world, known.descriptors, view, config=config, depth_at_pixel=depth
        )
        new = np.isfinite(depth)
        num_known_depth = int(new.sum())
        new[pixel_idx] = False
        if new.sum() > _MIN_NEW_SHARE * num_known_depth:
            fresh = np.flatnonzero(new)
            point_idx = np.concatenate([point_idx, known.add(_unproject(view, depth, fresh))])
            pixel_idx = np.concatenate([pixel_idx, fresh])
        known.observe(point_idx, view.features.descriptors[pixel_idx])
        observations.append(np.stack([point_idx, np.full(len(point_idx), index), pixel_idx], 1))
    progress("points", len(views), len(views))
    table = np.concatenate(observations) if observations else np.zeros((0, 3), dtype=np.int64)
    tracks = Tracks.sorted_by_track(table[:, 0], table[:, 1], table[:, 2])
    min_views = max(fit.min_views, _MIN_VIEWS if len(views) >= 6 else 2)
    tracks = drop_short(tracks, min_views=min_views)
    # Again after the fit, which may drop observations.
    return fit_points(views, depths, tracks, replace(fit, min_views=min_views))


def _unproject(
    view: MappingView, depth: Float[np.ndarray, " pixel"], pixel_idx: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n 3"]:
    rays = np.concatenate([view.xy_cam[pixel_idx], np.ones((len(pixel_idx), 1))], axis=1)
    return view.cam_from_world.inverse().apply(rays * depth[pixel_idx, None])
