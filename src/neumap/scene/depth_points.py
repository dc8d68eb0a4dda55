"""Points from depth: views in turn find the points they know and add what is new.

With depth and poses no pairs are needed: the cost is linear in the number of views, and a point
collects every view that shows it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from neumap.scene.association import AssociationConfig, associate
from neumap.scene.point_fit import PointFitConfig, fit_points
from neumap.scene.scene import MappingView, ScenePoints
from neumap.scene.tracks import Tracks, drop_short

_MIN_NEW_SHARE = 0.4  # a view adds points only if this share of its key-points is unknown
_MIN_VIEWS = 3  # a point seen less often is noise or was moved


def points_from_depth(
    views: tuple[MappingView, ...],
    depths: list[np.ndarray],
    config: AssociationConfig,
    *,
    fit: PointFitConfig,
    progress: Callable[[str, int, int], None],
) -> ScenePoints:
    """Points seen by at least 3 views (2 where there are fewer than 6 views)."""
    dim = views[0].features.descriptors.shape[1]
    xyz, sums = np.zeros((0, 3)), np.zeros((0, dim), dtype=np.float32)
    observations: list[Int[np.ndarray, "n 3"]] = []
    for index, (view, depth) in enumerate(zip(views, depths, strict=True)):
        progress("points", index, len(views))
        if len(view.xy_cam) == 0:
            continue
        mean = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        point_idx, pixel_idx = associate(xyz, mean, view, config=config, depth_at_pixel=depth)
        new = np.isfinite(depth)
        num_known_depth = int(new.sum())
        new[pixel_idx] = False
        if new.sum() > _MIN_NEW_SHARE * num_known_depth:
            fresh = np.flatnonzero(new)
            point_idx = np.concatenate([point_idx, len(xyz) + np.arange(len(fresh))])
            pixel_idx = np.concatenate([pixel_idx, fresh])
            xyz = np.concatenate([xyz, _unproject(view, depth, fresh)])
            sums = np.concatenate([sums, np.zeros((len(fresh), dim), dtype=np.float32)])
        sums[point_idx] += view.features.descriptors[pixel_idx]
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
