"""Scenes for pre-training, built once and kept as safetensors files.

A training scene is a Scene over its mapping photos, further photos as queries, and the depth at
every key-point where the data set has depth.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from neumap.atomic_file import write_atomically
from neumap.errors import DataError
from neumap.features import LocalFeatures
from neumap.features.xfeat import XFeatExtractor
from neumap.geometry import Camera, RigidTransform
from neumap.geometry.pixels import nearest_pixel
from neumap.images import PosedImage, Split, load_depth, load_photo, read_images
from neumap.scene import MappingView, Scene, ScenePoints
from neumap.scene.build_scene import build_scene, make_views


@dataclass(frozen=True, eq=False)
class TrainingScene:
    """A scene with queries of known pose."""

    name: str
    scene: Scene
    queries: tuple[MappingView, ...]
    """Views that took no part in building the points."""
    depths: tuple[np.ndarray, ...]
    """z in scene units at each key-point, NaN where unknown: mapping views, then queries."""
    brightness: tuple[float, ...]
    """Mean grey value of each photo, 0 to 255, in the same order."""

    @property
    def views(self) -> tuple[MappingView, ...]:
        """Mapping views, then queries."""
        return (*self.scene.views, *self.queries)


def cached_scene(folder: Path, cache: Path, *, holds_out_queries: bool) -> TrainingScene:
    """Read a data set's training scene, building it the first time.

    With `holds_out_queries` the points come from the mapping photos of the set's own split (else
    of every 5th) alone; without, all photos are mapped. Raises what readers and mapping raise.
    """
    kind = "split" if holds_out_queries else "whole"
    path = cache / f"{folder.parent.name}-{folder.name}-{kind}.safetensors"
    if path.exists():
        return load_training_scene(path)
    image_set = read_images(folder)
    map_images, query_images = image_set.images, ()
    if holds_out_queries:
        own = folder / "split.json"
        split = Split.read(own) if own.exists() else Split.of(image_set)
        map_images, query_images = split.apply(image_set)
    extractor = XFeatExtractor()
    grey: dict[str, float] = {}

    def describe(image: PosedImage) -> LocalFeatures:
        photo = load_photo(image.path)
        grey[image.name] = float(photo.mean())
        return extractor.extract(photo)

    scene = build_scene(map_images, describe, units=image_set.units)
    queries = make_views(query_images, describe, progress=lambda stage, done, total: None)
    images = (*map_images, *query_images)
    depths = tuple(
        _depth_at(image, view) for image, view in zip(images, (*scene.views, *queries), strict=True)
    )
    name = f"{folder.parent.name}/{folder.name}"
    made = TrainingScene(name, scene, queries, depths, tuple(grey[i.name] for i in images))
    cache.mkdir(parents=True, exist_ok=True)
    save_training_scene(made, path)
    return made


def _depth_at(image: PosedImage, view: MappingView) -> Float[np.ndarray, " pixel"]:
    if image.depth is None:
        return np.full(len(view.xy_cam), np.nan)
    depth = load_depth(image.depth).astype(np.float64)
    rays = np.concatenate([view.xy_cam, np.ones((len(view.xy_cam), 1))], axis=1)
    rows, columns = nearest_pixel(np.nan_to_num(image.depth.camera.img_from_cam(rays), nan=-1.0))
    height, width = depth.shape
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    values = depth[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.where(inside, values, np.nan)


def save_training_scene(made: TrainingScene, path: Path) -> None:
    """Write one file; descriptors in half precision."""
    points, views = made.scene.points, made.views
    header = {
        "name": made.name,
        "units": made.scene.units,
        "num_mapping": len(made.scene.views),
        "brightness": made.brightness,
        "views": [
            {"name": v.name, "camera": [v.camera.model, v.camera.width, v.camera.height]}
            | {"params": v.camera.params, "num_pixels": len(v.features)}
            for v in views
        ],
    }
    tensors = {
        "poses": np.stack([v.cam_from_world.matrix for v in views]),
        "xy_img": np.concatenate([v.features.xy_img for v in views]),
        "xy_cam": np.concatenate([v.xy_cam for v in views]),
        "descriptors": np.concatenate([v.features.descriptors for v in views]).astype(np.float16),
        "scores": np.concatenate([v.features.scores for v in views]),
        "depths": np.concatenate(made.depths),
        "points_xyz": points.xyz_in_world,
        "points_descriptors": points.descriptors,
        "observations": np.stack(
            [points.obs_point_idx, points.obs_view_idx, points.obs_pixel_idx], axis=1
        ),
    }
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    write_atomically(path, save(tensors, metadata={"scene": json.dumps(header)}))


def load_training_scene(path: Path) -> TrainingScene:
    """Read one file; DataError if it is damaged."""
    try:
        tensors = load_file(path)
        length = int.from_bytes(path.read_bytes()[:8], "little")
        raw = path.read_bytes()[8 : 8 + length]
        header = json.loads(json.loads(raw)["__metadata__"]["scene"])
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise DataError(str(path), f"is damaged ({error})", "Delete it.") from error
    counts = [view["num_pixels"] for view in header["views"]]
    cuts = np.cumsum(counts)[:-1]
    descriptors = tensors["descriptors"].astype(np.float32)
    descriptors /= np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), 1e-12)
    columns = [tensors["xy_img"], descriptors, tensors["scores"], tensors["xy_cam"]]
    rows = zip(*[np.split(column, cuts) for column in columns], strict=True)
    views = tuple(
        MappingView(
            view["name"],
            Camera(*view["camera"], params=tuple(view["params"])),
            RigidTransform.from_matrix(pose),
            LocalFeatures(xy_img, own, scores),
            xy_cam,
        )
        for view, pose, (xy_img, own, scores, xy_cam) in zip(
            header["views"], tensors["poses"], rows, strict=True
        )
    )
    obs = tensors["observations"]
    points = ScenePoints(
        *(tensors["points_xyz"], tensors["points_descriptors"], obs[:, 0], obs[:, 1], obs[:, 2])
    )
    num_mapping = header["num_mapping"]
    return TrainingScene(
        header["name"],
        Scene(views[:num_mapping], points, header["units"]),
        views[num_mapping:],
        tuple(np.split(tensors["depths"], cuts)),
        tuple(header["brightness"]),
    )


def cached_scenes(
    folders: Sequence[Path], cache: Path, *, holds_out_queries: bool
) -> list[TrainingScene]:
    """Read or build the scenes of several folders, in their order."""
    return [cached_scene(f, cache, holds_out_queries=holds_out_queries) for f in folders]
