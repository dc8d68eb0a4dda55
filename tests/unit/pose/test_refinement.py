import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import undistort
from neumap.pose.refinement import pose_jacobian, pose_spread, refine_pose
from pose_scenes import CAMERA, made_scene


def _moved(pose, step):
    turn = Rotation.from_rotvec(step[:3]).as_matrix()
    return RigidTransform(turn @ pose.rotation, turn @ pose.translation + step[3:])


def test_jacobian_equals_central_differences():
    pairs, truth = made_scene(num_pairs=6, seed=0)
    points = undistort(pairs, CAMERA)
    pose = points.from_world(truth)

    def pixels(step):
        xyz_in_cam = _moved(pose, step).apply(points.xyz)
        return points.focal_px * xyz_in_cam[:, :2] / xyz_in_cam[:, 2:]

    columns = [(pixels(step) - pixels(-step)) / 2e-6 for step in 1e-6 * np.eye(6)]
    np.testing.assert_allclose(pose_jacobian(points, pose), np.stack(columns, axis=2), atol=1e-4)


def test_refinement_returns_to_the_exact_pose():
    pairs, truth = made_scene(num_pairs=30, seed=1, noise_px=0.0)
    points = undistort(pairs, CAMERA)
    start = _moved(points.from_world(truth), np.array([0.03, -0.02, 0.01, 0.1, 0.1, -0.1]))
    refined = points.to_world(refine_pose(points, start, loss_scale_px=4.0))
    np.testing.assert_allclose(refined.matrix, truth.matrix, atol=1e-7)


def test_spread_predicts_the_scatter_of_positions():
    gaps, spreads = [], []
    for seed in range(40):
        pairs, truth = made_scene(num_pairs=40, seed=100, noise_px=0.0)
        noise = np.random.default_rng(seed).normal(0, 1, pairs.xy_img.shape)
        noisy = type(pairs)(pairs.xy_img + noise, pairs.xyz_in_world, pairs.confidence)
        points = undistort(noisy, CAMERA)
        start = points.from_world(truth)
        pose = points.to_world(refine_pose(points, start, loss_scale_px=100.0))
        gaps.append(pose.center_in_source - truth.center_in_source)
        spreads.append(pose_spread(points, start, sigma_px=1.0).position_over_depth)
    depth = np.median(points.from_world(truth).apply(points.xyz)[:, 2])
    worst = np.sqrt(np.linalg.eigvalsh(np.cov(np.array(gaps).T))[-1])
    assert worst == pytest.approx(np.mean(spreads) * depth, rel=0.4)  # 40 draws


def test_spread_is_infinite_on_a_line_and_grows_with_a_free_focal_length():
    xyz = np.column_stack([np.linspace(-1, 1, 30), np.zeros(30), np.full(30, 4.0)])
    pairs, truth = made_scene(num_pairs=30, seed=3)
    line = undistort(type(pairs)(CAMERA.img_from_cam(xyz), xyz, np.ones(30)), CAMERA)
    pose = line.from_world(RigidTransform.identity())
    assert np.isinf(pose_spread(line, pose, sigma_px=1.0).position_over_depth)
    points = undistort(pairs, CAMERA)
    fixed = pose_spread(points, points.from_world(truth), sigma_px=1.0)
    free = pose_spread(points, points.from_world(truth), sigma_px=1.0, has_free_focal=True)
    assert free.position_over_depth > fixed.position_over_depth
