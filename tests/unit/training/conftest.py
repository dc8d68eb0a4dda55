"""A made scene: random points with distinct descriptors, seen by a ring of views."""

from collections.abc import Callable

import numpy as np
import pytest

from neumap.features import LocalFeatures
from neumap.geometry import Camera, RigidTransform
from neumap.scene import MappingView, Scene, ScenePoints


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _view_pose(angle: float, distance: float) -> RigidTransform:
    """Look at the origin from a circle in the x-z plane."""
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
    return RigidTransform(rotation, np.array([0.0, 0.0, distance]))


@pytest.fixture
def make_scene() -> Callable[..., Scene]:
    def make(seed: int = 0, num_points: int = 200, num_views: int = 6, num_stray: int = 20):
        rng = np.random.default_rng(seed)
        camera = Camera.pinhole(640, 480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
        xyz = rng.uniform([48, -1.2, -2], [52, 1.2, 2], size=(num_points, 3))
        colours = _unit(rng.normal(size=(num_points, 64)))
        views: list[MappingView] = []
        observations: list[np.ndarray] = []
        to_centre = RigidTransform(np.eye(3), np.array([-50.0, 0.0, 0.0]))
        for index in range(num_views):
            cam_from_world = _view_pose(2 * np.pi * index / num_views, 8.0) @ to_centre
            seen = rng.permutation(num_points)[: int(0.8 * num_points)]
            xy = camera.img_from_cam(cam_from_world.apply(xyz[seen]))
            stray = rng.uniform([0, 0], [640, 480], size=(num_stray, 2))
            noisy = colours[seen] + 0.03 * rng.normal(size=(len(seen), 64))
            descriptors = _unit(np.concatenate([noisy, rng.normal(size=(num_stray, 64))]))
            xy = np.concatenate([xy, stray])
            scores = np.ones(len(xy), dtype=np.float32)
            features = LocalFeatures(xy, descriptors, scores)
            name = f"view{index}.png"
            rays = camera.cam_from_img(xy)
            views.append(MappingView(name, camera, cam_from_world, features, rays))
            rows = [seen, np.full(len(seen), index), np.arange(len(seen))]
            observations.append(np.stack(rows, axis=1))
        obs = np.concatenate(observations)
        obs = obs[np.argsort(obs[:, 0], kind="stable")]
        points = ScenePoints(xyz, colours, obs[:, 0], obs[:, 1], obs[:, 2])
        return Scene(tuple(views), points, "metre")

    return make
