"""Photos to a scene: features, pairs by covisibility, tracks, points."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from neumap.images.photo import load_depth, load_photo

from neumap.errors import MappingError, OptionError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.features.matching import mutual_nearest
from neumap.geometry.pixels import nearest_pixel
from neumap.images.posed_image import DepthSource, PosedImage, Units
from neumap.scene.covisibility import (
    choose_pairs,
    neighbours_by_pose,
    sampson_residuals_px,
    surface_samples,
)
from neumap.scene.scene import MappingView, Scene, ScenePoints
from neumap.scene.tracks import Tracks, link_tracks
from neumap.scene.triangulation import (
    Observations,
    largest_angle_deg,
    linear_points,
    refine_points,
    reprojection,
)

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, items done and items in all."""

Describe = Callable[[PosedImage], LocalFeatures]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePointsConfig:
    """How points are found; thresholds are in pixels of the stored photos at 640 px width."""

    pairs_per_view: int = 10
    """Views matched with each view; cost grows with views times this."""
    min_similarity: float = 0.6
    """Lowest cosine of two matched descriptors."""
    epipolar_px: float = 4.0
    """Largest Sampson error under the given poses, which may be 2 px off (depth-camera poses)."""
    reprojection_px: float = 4.0
    """Largest reprojection error of an observation that is kept."""
    min_views: int = 2
    """Fewest views of a point."""
    min_angle_deg: float = 1.5
    """Smallest angle between rays of a point without depth."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.pairs_per_view < 1 or self.min_views < 1 or self.epipolar_px <= 0:
            raise OptionError("ScenePointsConfig", f"{self} is out of range", "See its fields.")


def describe_view(image: PosedImage, extractor: AbstractExtractor) -> LocalFeatures:
    """Load one photo and describe it."""
    return extractor.extract(load_photo(image.path))


def make_views(
    images: Sequence[PosedImage], describe: Describe, *, progress: Progress
) -> tuple[MappingView, ...]:
    """Describe all photos; key-points whose ray cannot be undistorted are dropped."""
    views: list[MappingView] = []
    for done, image in enumerate(images):
        if image.cam_from_world is None:
            raise MappingError(image.name, "has no pose", "Pose it first, or use --poses sfm.")
        progress("features", done, len(images))
        features = describe(image)
        xy_cam = image.camera.cam_from_img(features.xy_img)
        ok = np.isfinite(xy_cam).all(axis=1)
        kept = LocalFeatures(features.xy_img[ok], features.descriptors[ok], features.scores[ok])
        views.append(MappingView(image.name, image.camera, image.cam_from_world, kept, xy_cam[ok]))
    progress("features", len(images), len(images))
    return tuple(views)


def build_scene(
    images: Sequence[PosedImage],
    describe: Describe,
    *,
    units: Units,
    config: ScenePointsConfig | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Scene:
    """Find the points that the photos show.

    Raises MappingError if the photos do not overlap or show too few points.
    """
    config = config if config is not None else ScenePointsConfig()
    views = make_views(images, describe, progress=progress)
    depths = [
        _depth_at(image.depth, view)
        if image.depth is not None
        else np.full(len(view.xy_cam), np.nan)
        for image, view in zip(images, views, strict=True)
    ]
    pairs = _pairs(views, depths, config)
    matches: dict[tuple[int, int], np.ndarray] = {}
    for done, (i, j) in enumerate(pairs):
        progress("matching", done, len(pairs))
        matches[i, j] = _match(views[i], views[j], (depths[i], depths[j]), config)
    progress("matching", len(pairs), len(pairs))
    tracks = link_tracks(matches, np.array([len(v.features) for v in views]))
    points = points_of_tracks(views, depths, tracks, config)
    if len(points) < 50:
        raise MappingError(
            f"{len(views)} photos",
            f"show only {len(points)} common points, expected at least 50",
            "Take photos that overlap by half, of a textured place, and check the poses.",
        )
    return Scene(views, points, units)


def _depth_at(source: DepthSource, view: MappingView) -> Float[np.ndarray, " pixel"]:
    """Depth at the key-points, NaN where missing or at a depth edge (5 % within 3 x 3)."""
    depth = load_depth(source).astype(np.float64)
    rays = np.concatenate([view.xy_cam, np.ones((len(view.xy_cam), 1))], axis=1)
    xy = source.camera.img_from_cam(rays)
    rows, columns = nearest_pixel(np.nan_to_num(xy, nan=-1.0))
    height, width = depth.shape
    inside = (rows >= 1) & (columns >= 1) & (rows < height - 1) & (columns < width - 1)
    rows, columns = np.clip(rows, 1, height - 2), np.clip(columns, 1, width - 2)
    window = np.stack([depth[rows + r, columns + c] for r in (-1, 0, 1) for c in (-1, 0, 1)])
    flat = window.max(axis=0) < 1.05 * window.min(axis=0)  # false where any is NaN
    return np.where(inside & flat, np.median(window, axis=0), np.nan)


def _pairs(
    views: tuple[MappingView, ...],
    depths: list[np.ndarray],
    config: ScenePointsConfig,
) -> list[tuple[int, int]]:
    """Pairs by overlap of the surfaces that the views see."""
    known = [d[np.isfinite(d)] for d in depths]
    if not all(len(d) >= 20 for d in known):
        known = _depths_by_matching(views, config)
    samples = [
        surface_samples(view, np.random.default_rng(i).choice(depth, 48), i)
        if len(depth)
        else np.zeros((0, 3))
        for i, (view, depth) in enumerate(zip(views, known, strict=True))
    ]
    return choose_pairs(views, samples, pairs_per_view=config.pairs_per_view)


def _depths_by_matching(
    views: tuple[MappingView, ...], config: ScenePointsConfig
) -> list[np.ndarray]:
    """Depths of a first round of points, from views that are neighbours by pose."""
    matches: dict[tuple[int, int], np.ndarray] = {}
    unknown = [np.full(len(v.xy_cam), np.nan) for v in views]
    for i, j in neighbours_by_pose(views, 4):
        matches[i, j] = _match(views[i], views[j], (unknown[i], unknown[j]), config)
    tracks = link_tracks(matches, np.array([len(v.features) for v in views]))
    points = points_of_tracks(views, unknown, tracks, config)
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


def _match(
    a: MappingView,
    b: MappingView,
    depths: tuple[Float[np.ndarray, " a"], Float[np.ndarray, " b"]],
    config: ScenePointsConfig,
) -> Int[np.ndarray, "match 2"]:
    """Mutual matches that agree with the poses, and with depth where both have it."""
    pairs, _ = mutual_nearest(
        a.features.descriptors, b.features.descriptors, min_similarity=config.min_similarity
    )
    xy_a, xy_b = a.xy_cam[pairs[:, 0]], b.xy_cam[pairs[:, 1]]
    b_from_a = b.cam_from_world @ a.cam_from_world.inverse()
    focal = 0.5 * (a.camera.focal_px + b.camera.focal_px)
    keep = sampson_residuals_px(b_from_a, xy_a, xy_b, focal_px=focal) < config.epipolar_px
    z_a, z_b = depths[0][pairs[:, 0]], depths[1][pairs[:, 1]]
    both = np.isfinite(z_a) & np.isfinite(z_b)
    ones = np.ones((len(pairs), 1))
    a_in_b = b_from_a.apply(np.concatenate([xy_a, ones], 1) * np.nan_to_num(z_a)[:, None])
    b_in_b = np.concatenate([xy_b, ones], 1) * np.nan_to_num(z_b)[:, None]
    gap = np.linalg.norm(a_in_b - b_in_b, axis=1)
    keep &= ~both | (gap < 3 * (_depth_sigma(z_a) + _depth_sigma(z_b)))
    return pairs[keep]


def _depth_sigma(depth: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Standard deviation in metres of a depth camera that is not exactly registered."""
    return 0.01 + 0.01 * np.nan_to_num(depth)


def points_of_tracks(
    views: tuple[MappingView, ...],
    depths: list[np.ndarray],
    tracks: Tracks,
    config: ScenePointsConfig,
) -> ScenePoints:
    """Triangulate tracks; observations and points that do not fit are dropped."""
    dim = views[0].features.descriptors.shape[1]
    obs = _observations(views, depths, tracks)
    xyz = refine_points(obs, linear_points(obs, tracks.num_tracks))
    pixel_idx, view_idx = tracks.obs_pixel_idx, tracks.obs_view_idx
    for _ in range(2):  # drop the misfits, refine, and look again
        residual, _ = reprojection(obs, xyz)
        limit = config.reprojection_px * np.maximum(obs.focal_px / 500, 0.5)
        keep = np.linalg.norm(residual, axis=1) < limit
        obs, pixel_idx, view_idx = obs.select(keep), pixel_idx[keep], view_idx[keep]
        xyz = refine_points(obs, xyz)
    count = np.bincount(obs.point_idx, minlength=len(xyz))
    with_depth = np.bincount(obs.point_idx, np.isfinite(obs.depth), minlength=len(xyz)) > 0
    good = (count >= config.min_views) & np.isfinite(xyz).all(axis=1)
    good &= with_depth | (largest_angle_deg(obs, xyz) >= config.min_angle_deg)
    chosen = good[obs.point_idx]
    renumber = np.cumsum(good) - 1
    point_idx, view_idx = renumber[obs.point_idx[chosen]], view_idx[chosen]
    pixel_idx = pixel_idx[chosen]
    descriptors = np.zeros((int(good.sum()), dim), dtype=np.float32)
    for index, view in enumerate(views):
        own = view_idx == index
        np.add.at(descriptors, point_idx[own], view.features.descriptors[pixel_idx[own]])
    norm = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return ScenePoints(
        xyz[good], descriptors / np.maximum(norm, 1e-12), point_idx, view_idx, pixel_idx
    )


def _observations(
    views: tuple[MappingView, ...], depths: list[np.ndarray], tracks: Tracks
) -> Observations:
    """Gather the rays of all tracks."""
    view_idx, pixel_idx = tracks.obs_view_idx, tracks.obs_pixel_idx
    first = np.concatenate([[0], np.cumsum([len(v.xy_cam) for v in views])])
    flat = first[view_idx] + pixel_idx
    depth = np.concatenate(depths)[flat]
    return Observations(
        point_idx=tracks.obs_track_idx,
        rotation=np.stack([v.cam_from_world.rotation for v in views])[view_idx],
        translation=np.stack([v.cam_from_world.translation for v in views])[view_idx],
        xy_cam=np.concatenate([v.xy_cam for v in views])[flat],
        focal_px=np.array([v.camera.focal_px for v in views])[view_idx],
        depth=depth,
        depth_sigma=_depth_sigma(depth),
    )
