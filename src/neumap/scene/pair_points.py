"""Points without depth: covisible pairs are matched, tracks triangulated, all views searched."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from neumap.errors import MappingError
from neumap.features.matching import mutual_nearest
from neumap.geometry.epipolar import sampson_residuals_px
from neumap.scene.association import associate
from neumap.scene.covisibility import choose_pairs, neighbours_by_pose, surface_samples
from neumap.scene.point_fit import fit_points
from neumap.scene.points_config import Progress, ScenePointsConfig
from neumap.scene.scene import MappingView, ScenePoints
from neumap.scene.tracks import Matches, Tracks, link_tracks

_NEIGHBOURS_BY_POSE = 4  # views matched with each view before any depth is known


def points_from_pairs(
    views: tuple[MappingView, ...], config: ScenePointsConfig, progress: Progress
) -> ScenePoints:
    """Match covisible pairs, triangulate, then look for each point in all other views."""
    neighbours = neighbours_by_pose(views, _NEIGHBOURS_BY_POSE)
    matches = _matched(views, neighbours, config, progress, stage="matching neighbours")
    further = [pair for pair in _pairs(views, matches, config) if pair not in matches]
    matches |= _matched(views, further, config, progress, stage="matching")
    points = _linked_points(views, matches, config)
    found = [
        _with_view(
            index,
            associate(points.xyz_in_world, points.descriptors, view, config=config.association),
        )
        for index, view in enumerate(views)
    ]
    own = np.stack([points.obs_point_idx, points.obs_view_idx, points.obs_pixel_idx], axis=1)
    return _fitted(views, _joined(own, np.concatenate(found)), config)


def _linked_points(
    views: tuple[MappingView, ...],
    matches: Mapping[tuple[int, int], Matches],
    config: ScenePointsConfig,
) -> ScenePoints:
    """Points of matched pairs alone."""
    tracks = link_tracks(matches, np.array([len(v.features) for v in views]))
    return _fitted(views, tracks, config)


def _fitted(
    views: tuple[MappingView, ...], tracks: Tracks, config: ScenePointsConfig
) -> ScenePoints:
    """Triangulate tracks of views without depth."""
    unknown = [np.full(len(v.xy_cam), np.nan) for v in views]
    return fit_points(views, unknown, tracks, config.fit)


def _with_view(
    view_idx: int, found: tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]
) -> Int[np.ndarray, "n 3"]:
    return np.stack([found[0], np.full(len(found[0]), view_idx), found[1]], axis=1)


def _joined(own: Int[np.ndarray, "a 3"], found: Int[np.ndarray, "b 3"]) -> Tracks:
    """Add found observations (point, view, pixel) where the point had none in that view.

    A key-point keeps the point it already belongs to.
    """
    both = np.concatenate([own, found])
    if len(both) == 0:
        return Tracks.sorted_by_track(both[:, 0], both[:, 1], both[:, 2])
    for first, second in ((0, 1), (1, 2)):  # a point once a view, then a key-point once
        key = both[:, first].astype(np.int64) * (int(both[:, second].max()) + 1) + both[:, second]
        both = both[np.sort(np.unique(key, return_index=True)[1])]
    return Tracks.sorted_by_track(both[:, 0], both[:, 1], both[:, 2])


def _pairs(
    views: tuple[MappingView, ...],
    near: Mapping[tuple[int, int], Matches],
    config: ScenePointsConfig,
) -> list[tuple[int, int]]:
    """Pairs by overlap of the surfaces that the views see, whose depths `near` tells."""
    samples = [
        surface_samples(view, np.random.default_rng(i).choice(depth, 48), i)
        for i, (view, depth) in enumerate(zip(views, _depths(views, near, config), strict=True))
    ]
    return choose_pairs(views, samples, pairs_per_view=config.pairs_per_view)


def _depths(
    views: tuple[MappingView, ...],
    near: Mapping[tuple[int, int], Matches],
    config: ScenePointsConfig,
) -> list[np.ndarray]:
    """Depths of a first round of points, from matches of views that are neighbours by pose."""
    points = _linked_points(views, near, config)
    out: list[np.ndarray] = []
    for index, view in enumerate(views):
        own = points.obs_point_idx[points.obs_view_idx == index]
        z = view.cam_from_world.apply(points.xyz_in_world[own])[:, 2]
        out.append(z[z > 0])
    everything = np.concatenate(out)
    if len(everything) == 0:
        raise MappingError(
            f"{len(views)} photos",
            "no pair of neighbouring views has matches that fit the given poses",
            "Check the pose convention and that the photos overlap.",
        )
    return [depth if len(depth) >= 5 else everything for depth in out]


def _matched(
    views: tuple[MappingView, ...],
    pairs: Sequence[tuple[int, int]],
    config: ScenePointsConfig,
    progress: Progress,
    *,
    stage: str,
) -> dict[tuple[int, int], Matches]:
    """Match pairs of views."""
    out: dict[tuple[int, int], Matches] = {}
    for done, (i, j) in enumerate(pairs):
        progress(stage, done, len(pairs))
        out[i, j] = _match(views[i], views[j], config)
    progress(stage, len(pairs), len(pairs))
    return out


def _match(a: MappingView, b: MappingView, config: ScenePointsConfig) -> Matches:
    """Mutual matches that agree with the given poses."""
    pairs, similarity = mutual_nearest(
        a.features.descriptors, b.features.descriptors, min_similarity=config.min_similarity
    )
    b_from_a = b.cam_from_world @ a.cam_from_world.inverse()
    focal_px = 0.5 * (a.camera.focal_px + b.camera.focal_px)
    residuals_px = sampson_residuals_px(
        b_from_a, a.xy_cam[pairs[:, 0]], b.xy_cam[pairs[:, 1]], focal_px=focal_px
    )
    fits = residuals_px < config.epipolar_px
    return Matches(pairs[fits], similarity[fits])
