"""The yardstick's fixed PCA-16, fitted once on made scenes and kept in the package.

python -m neumap.baselines.yardstick_space SCENE_FOLDER...   # captures of make_training_scenes
"""

from pathlib import Path

import numpy as np
import tyro
from safetensors.numpy import load_file, save_file

from neumap.codes.code_space import CodeSpace
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.images import read_images
from neumap.scene.build_scene import build_scene, describe_with

_PATH = Path(__file__).parent / "yardstick_space.safetensors"


def read_space() -> CodeSpace:
    """Return the committed projection."""
    tensors = load_file(_PATH)
    return CodeSpace(tensors["mean"], tensors["projection"], tensors["step"])


def fit_space(folders: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Fit the principal components on all observations of points in the given captures."""
    extractor = XFeatExtractor(XFeatConfig(detector="xfeat"))
    descriptors: list[np.ndarray] = []
    for folder in folders:
        image_set = read_images(folder)
        scene = build_scene(image_set.images, describe_with(extractor), units=image_set.units)
        points = scene.points
        for index, view in enumerate(scene.views):
            own = points.obs_pixel_idx[points.obs_view_idx == index]
            descriptors.append(view.features.descriptors[own])
    data = np.concatenate(descriptors)
    space = CodeSpace.fit(data, np.arange(len(data)), within_weight=0.0)
    tensors = {"mean": space.mean, "projection": space.projection, "step": space.step}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, _PATH)


if __name__ == "__main__":
    tyro.cli(fit_space)
