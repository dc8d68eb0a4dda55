"""Made views of random points with distinct descriptors, shared by the scene and code tests."""

from dataclasses import dataclass

import numpy as np

from neumap.features import LocalFeatures
from neumap.geometry import Camera, RigidTransform
from neumap.scene import MappingView, Scene, ScenePoints

VIEW_CAMERA = Camera.pinhole(640, 480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
STRAY = -1
MADE_HEADER = {
    "units": "metre",
    "origin": [0.0, 0.0, 0.0],
    "decoder": "0" * 16,
    "extractor": "0" * 8,
    "layout": {"k": "anchored", "q": 2000},
    "provenance": {"images": 9},
}


@dataclass(frozen=True, eq=False)
class MadeScene:
    """Views, and what they truly show."""

    views: tuple[MappingView, ...]
    xyz_in_world: np.ndarray
    point_of_pixel: list[np.ndarray]
    """For each view, the point that each key-point shows, or STRAY."""
    depths: list[np.ndarray]
    """For each view, z at each key-point."""


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def pose_on_arc(angle_deg, distance=6.0):
    """Look at the world's origin from the x-z plane; a positive angle is a turn about y."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    rotation = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
    return RigidTransform(rotation, np.array([0.0, 0.0, distance]))


def view_of(cam_from_world, xyz_in_world, descriptors, *, xy_offset_px=(0.0, 0.0), name="view"):
    """A view whose key-points show the given points, all moved by an offset."""
    xy = VIEW_CAMERA.img_from_cam(cam_from_world.apply(xyz_in_world)) + np.asarray(xy_offset_px)
    features = LocalFeatures(xy, descriptors, np.ones(len(xy), dtype=np.float32))
    return MappingView(name, VIEW_CAMERA, cam_from_world, features, VIEW_CAMERA.cam_from_img(xy))


def made_views(
    *, seed=0, num_points=300, angles_deg=tuple(range(-35, 36, 10)), noise_px=0.3, num_stray=30
):
    """Each view shows a random 80 % of the points, and strays with descriptors of their own."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform([-1.5, -1.2, -1.0], [1.5, 1.2, 1.0], (num_points, 3))
    looks = unit(rng.normal(size=(num_points, 64)))
    views, point_of_pixel, depths = [], [], []
    for index, angle in enumerate(angles_deg):
        cam_from_world = pose_on_arc(angle)
        seen = rng.permutation(num_points)[: int(0.8 * num_points)]
        in_cam = cam_from_world.apply(xyz[seen])
        xy = VIEW_CAMERA.img_from_cam(in_cam) + rng.normal(0, noise_px, (len(seen), 2))
        xy = np.concatenate([xy, rng.uniform((0, 0), (640, 480), (num_stray, 2))])
        noisy = looks[seen] + 0.03 * rng.normal(size=(len(seen), 64))
        descriptors = unit(np.concatenate([noisy, rng.normal(size=(num_stray, 64))]))
        features = LocalFeatures(xy, descriptors, np.ones(len(xy), dtype=np.float32))
        rays = VIEW_CAMERA.cam_from_img(xy)
        views.append(MappingView(f"view{index}", VIEW_CAMERA, cam_from_world, features, rays))
        point_of_pixel.append(np.concatenate([seen, np.full(num_stray, STRAY)]))
        depths.append(np.concatenate([in_cam[:, 2], rng.uniform(4, 8, num_stray)]))
    return MadeScene(tuple(views), xyz, point_of_pixel, depths)


def truth_of(made):
    """The scene that a perfect reconstruction of the views would give."""
    rows = [
        np.stack([points, np.full(len(points), view), np.arange(len(points))], axis=1)
        for view, points in enumerate(made.point_of_pixel)
    ]
    obs = np.concatenate(rows)
    obs = obs[obs[:, 0] != STRAY]
    obs = obs[np.lexsort((obs[:, 1], obs[:, 0]))]
    looks = np.zeros((len(made.xyz_in_world), 64), dtype=np.float32)
    for point, view, pixel in obs:
        looks[point] = made.views[view].features.descriptors[pixel]
    points = ScenePoints(made.xyz_in_world, looks, obs[:, 0], obs[:, 1], obs[:, 2])
    return Scene(made.views, points, "metre")


def gap_to_truth(points, made):
    """For each point, its distance from the true point that its first observation shows."""
    first = np.searchsorted(points.obs_point_idx, np.arange(len(points)))
    true_idx = np.array(
        [made.point_of_pixel[points.obs_view_idx[i]][points.obs_pixel_idx[i]] for i in first]
    )
    gap = np.linalg.norm(points.xyz_in_world - made.xyz_in_world[true_idx], axis=1)
    return np.where(true_idx == STRAY, np.inf, gap)
