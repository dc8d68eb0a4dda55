"""Codes of places that no query shows: observations of points in rendered scenes."""

from pathlib import Path

import numpy as np

from benchmarks.merged_world import Distractors
from benchmarks.sets import made_scene_folders
from neumap.images import Split, read_images
from neumap.rendering.make_training_scenes import make_training_scenes
from neumap.scene.build_scene import Describe, build_scene

NUM_DISTRACTORS = 100_000
_NUM_SCENES = 8  # give about 15,000 observations each
_SEED = 777


def render_distractor_scenes(folder: Path) -> None:
    """Render the scenes that are not in the folder yet (about a quarter of a minute each)."""
    make_training_scenes(folder, num_scenes=_NUM_SCENES, seed=_SEED, size=(640, 480), num_frames=24)


def read_distractors(folder: Path, describe: Describe) -> Distractors:
    """Take at most 100,000 observations at random: a descriptor each, at its point's position.

    Single descriptors, not means of tracks, so that a few scenes give many different codes.
    """
    parts: list[Distractors] = []
    for index, scene_folder in enumerate(made_scene_folders(folder)):
        image_set = read_images(scene_folder)
        mapped, _ = Split.read(scene_folder / "split.json").apply(image_set)
        scene = build_scene(mapped, describe, units=image_set.units)
        points = scene.points
        descriptors = np.zeros((len(points.obs_point_idx), points.descriptors.shape[1]), np.float32)
        for view_idx, view in enumerate(scene.views):
            own = points.obs_view_idx == view_idx
            descriptors[own] = view.features.descriptors[points.obs_pixel_idx[own]]
        xyz = points.xyz_in_world[points.obs_point_idx]
        parts.append(Distractors(xyz, descriptors, np.full(len(xyz), index)))
    total = sum(len(part) for part in parts)
    rng = np.random.default_rng(_SEED)
    kept = np.sort(rng.permutation(total)[:NUM_DISTRACTORS])
    return Distractors(
        np.concatenate([part.xyz_in_world for part in parts])[kept],
        np.concatenate([part.descriptors for part in parts])[kept],
        np.concatenate([part.scene_idx for part in parts])[kept],
    )
