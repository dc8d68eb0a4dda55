"""Photos to a scene: features, then points from depth or from matched pairs, then all views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from neumap.errors import Fault, MappingError, OptionError, PhotoError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.features.matching import mutual_nearest
from neumap.geometry.epipolar import sampson_residuals_px
from neumap.geometry.pixels import nearest_pixel
from neumap.images.photo import load_depth, load_photo
from neumap.images.posed_image import DepthSource, PosedImage, Units
from neumap.scene.association import AssociationConfig, associate
from neumap.scene.covisibility import (
    choose_pairs,
    neighbours_by_pose,
    surface_samples,
)
from neumap.scene.depth_points import points_from_depth
from neumap.scene.point_fit import PointFitConfig, fit_points
from neumap.scene.scene import MappingView, Scene, ScenePoints
from neumap.scene.tracks import Matches, Tracks, link_tracks

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, items done and items in all."""

Describe = Callable[[PosedImage], LocalFeatures]

_NEIGHBOURS_BY_POSE = 4  # views matched with each view before any depth is known


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePointsConfig:
    """How points are found; thresholds are in pixels of the stored photos."""

    pairs_per_view: int = 10
    """Views matched with each view where there is no depth; cost grows with views times this."""
    min_similarity: float = 0.6
    """Lowest cosine of two matched descriptors."""
    epipolar_px: float = 4.0
    """Largest Sampson error under the given poses, which may be 2 px off (depth-camera poses)."""
    fit: PointFitConfig = field(default_factory=PointFitConfig)
    association: AssociationConfig = field(default_factory=AssociationConfig)
    """How matched points are looked for in the views that the pairs missed."""
    depth_association: AssociationConfig = field(
        default_factory=lambda: AssociationConfig(radius_px=8.0)
    )
    """The same for points from depth, whose camera may not be exactly registered."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.pairs_per_view < 1 or self.epipolar_px <= 0:
            raise OptionError("ScenePointsConfig", f"{self} is out of range", "See its fields.")


def describe_view(image: PosedImage, extractor: AbstractExtractor) -> LocalFeatures:
    """Load one photo and describe it."""
    return extractor.extract(load_photo(image.path))


def describe_with(extractor: AbstractExtractor) -> Describe:
    """Return what loads and describes photos with this extractor."""
    return lambda image: describe_view(image, extractor)


def make_views(
    images: Sequence[PosedImage], describe: Describe, *, progress: Progress
) -> tuple[MappingView, ...]:
    """Describe all photos; key-points whose ray cannot be undistorted are dropped.

    Raises PhotoError that lists every photo whose pixels cannot be decoded.
    """
    views: list[MappingView] = []
    faults: list[Fault] = []
    for done, image in enumerate(images):
        if image.cam_from_world is None:
            raise MappingError(image.name, "has no pose", "Pose it first, or use --poses sfm.")
        progress("features", done, len(images))
        try:
            features = describe(image)
        except PhotoError as error:
            faults.extend(error.faults)
            continue
        xy_cam = image.camera.cam_from_img(features.xy_img)
        ok = np.isfinite(xy_cam).all(axis=1)
        kept = LocalFeatures(features.xy_img[ok], features.descriptors[ok], features.scores[ok])
        views.append(MappingView(image.name, image.camera, image.cam_from_world, kept, xy_cam[ok]))
    progress("features", len(images), len(images))
    if faults:
        raise PhotoError.from_faults(faults)
    return tuple(views)


def build_scene(
    images: Sequence[PosedImage],
    describe: Describe,
    *,
    units: Units,
    config: ScenePointsConfig | None = None,
    check_poses: Callable[[tuple[MappingView, ...]], None] | None = None,
    progress: Progress = lambda stage, done, total: None,
    stage_done: Callable[[str], None] = lambda stage: None,
) -> Scene:
    """Find the points that the photos show.

    With depth for a quarter of the photos, points come from depth (`depth_points`); else from
    matched pairs (`_points_from_pairs`). `check_poses` may refuse the described views;
    `stage_done` is called at the end of each stage. Raises MappingError if the photos do not
    overlap or show too few points.
    """
    config = config if config is not None else ScenePointsConfig()
    if not images:
        raise MappingError("0 photos", "there is nothing to map", "Give at least 4 posed photos.")
    views = make_views(images, describe, progress=progress)
    stage_done("features")
    if check_poses is not None:
        check_poses(views)
        stage_done("pose check")
    depths = [
        _depth_at(image.depth, view)
        if image.depth is not None
        else np.full(len(view.xy_cam), np.nan)
        for image, view in zip(images, views, strict=True)
    ]
    num_with_depth = sum(int(np.isfinite(depth).sum() >= 20) for depth in depths)
    if num_with_depth >= 0.25 * len(views):
        points = points_from_depth(
            views, depths, config.depth_association, fit=config.fit, progress=progress
        )
    else:
        points = _points_from_pairs(views, config, progress)
    stage_done("points")
    if len(points) < 50:
        raise MappingError(
            f"{len(views)} photos",
            f"show only {len(points)} common points, expected at least 50",
            "Take photos that overlap by half, of a textured place, and check the poses.",
        )
    return Scene(views, points, units)


def _points_from_pairs(
    views: tuple[MappingView, ...], config: ScenePointsConfig, progress: Progress
) -> ScenePoints:
    """Match covisible pairs, triangulate, then look for each point in all other views."""
    unknown = [np.full(len(v.xy_cam), np.nan) for v in views]
    neighbours = neighbours_by_pose(views, _NEIGHBOURS_BY_POSE)
    matches = _matched(views, neighbours, config, progress, stage="matching neighbours")
    further = [pair for pair in _pairs(views, matches, config) if pair not in matches]
    matches |= _matched(views, further, config, progress, stage="matching")
    tracks = link_tracks(matches, np.array([len(v.features) for v in views]))
    points = fit_points(views, unknown, tracks, config.fit)
    found = [
        _with_view(
            index,
            associate(points.xyz_in_world, points.descriptors, view, config=config.association),
        )
        for index, view in enumerate(views)
    ]
    own = np.stack([points.obs_point_idx, points.obs_view_idx, points.obs_pixel_idx], axis=1)
    return fit_points(views, unknown, _joined(own, np.concatenate(found)), config.fit)


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
    tracks = link_tracks(near, np.array([len(v.features) for v in views]))
    points = fit_points(views, [np.full(len(v.xy_cam), np.nan) for v in views], tracks, config.fit)
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
