"""Made correspondences with a known pose, shared by the solver tests."""

import numpy as np
from scipy.spatial.transform import Rotation

from neumap.geometry import Camera, RigidTransform
from neumap.pose import Correspondences

CAMERA = Camera.pinhole(640, 480, fx=525.0, fy=525.0, cx=320.0, cy=240.0)


def made_pose(generator):
    rotation = Rotation.from_rotvec(generator.normal(0, 0.5, 3)).as_matrix()
    return RigidTransform(rotation, generator.normal(0, 1, 3))


def made_scene(*, num_pairs, seed, camera=CAMERA, noise_px=0.5, outlier_share=0.0, offset=0.0):
    """Pixels over the whole photo, depths 3 to 6; the first pairs are shuffled into outliers."""
    generator = np.random.default_rng(seed)
    low, high = (0.1 * camera.width, 0.1 * camera.height), (0.9 * camera.width, 0.9 * camera.height)
    xy_img = generator.uniform(low, high, (num_pairs, 2))
    depth = generator.uniform(3, 6, (num_pairs, 1))
    xyz_in_cam = np.column_stack([camera.cam_from_img(xy_img) * depth, depth])
    cam_from_world = made_pose(generator) @ RigidTransform(np.eye(3), np.full(3, -offset))
    xyz_in_world = cam_from_world.inverse().apply(xyz_in_cam)
    num_outliers = int(outlier_share * num_pairs)
    xyz_in_world[:num_outliers] = xyz_in_world[generator.permutation(num_pairs)[:num_outliers]]
    noisy = xy_img + generator.normal(0, noise_px, xy_img.shape)
    return Correspondences(noisy, xyz_in_world, np.ones(num_pairs)), cam_from_world


def pure_outliers(*, num_pairs, seed, camera=CAMERA):
    generator = np.random.default_rng(seed)
    xy_img = generator.uniform((0, 0), (camera.width, camera.height), (num_pairs, 2))
    return Correspondences(xy_img, generator.uniform(-3, 3, (num_pairs, 3)), np.ones(num_pairs))


def position_gap(estimate, cam_from_world):
    return float(
        np.linalg.norm(estimate.cam_from_world.center_in_source - cam_from_world.center_in_source)
    )
