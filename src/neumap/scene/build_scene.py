"""Photos to a scene: features, then points from depth or from matched pairs."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from neumap.errors import Fault, MappingError, PhotoError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.geometry.pixels import nearest_pixel
from neumap.images.photo import load_depth, load_photo
from neumap.images.posed_image import DepthSource, PosedImage, Units
from neumap.scene.depth_points import points_from_depth
from neumap.scene.pair_points import points_from_pairs
from neumap.scene.points_config import Progress, ScenePointsConfig
from neumap.scene.scene import MappingView, Scene

Describe = Callable[[PosedImage], LocalFeatures]


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
    matched pairs (`pair_points`). `check_poses` may refuse the described views;
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
        points = points_from_pairs(views, config, progress)
    stage_done("points")
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
