"""What every pose solver promises, run for each of them."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from neumap.geometry import Camera
from neumap.geometry.rigid_transform import rotation_angle_deg
from neumap.pose import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.ideal_points import undistort
from neumap.pose.opencv_solver import OpenCvSolver
from neumap.pose.poselib_solver import PoseLibSolver
from neumap.pose.reference_solver import ReferenceSolver
from neumap.pose.solver import SolverConfig
from pose_scenes import CAMERA, made_scene, position_gap, pure_outliers

needs_opencv = pytest.mark.skipif(
    importlib.util.find_spec("cv2") is None, reason="OpenCV is not installed"
)
SOLVERS = [PoseLibSolver, ReferenceSolver, pytest.param(OpenCvSolver, marks=needs_opencv)]
CONFIG = SolverConfig(threshold_px=6.0, seed=3, max_iterations=2000)

CAMERAS = [
    CAMERA,
    Camera("SIMPLE_RADIAL", 640, 480, (500.0, 318.0, 243.0, -0.12)),
    Camera("OPENCV", 640, 480, (525.0, 520.0, 320.0, 240.0, -0.1, 0.02, 0.001, -0.001)),
    Camera("OPENCV_FISHEYE", 640, 480, (350.0, 350.0, 320.0, 240.0, 0.01, -0.002, 0.0, 0.0)),
]


@pytest.fixture(params=SOLVERS)
def solver(request):
    return request.param(CONFIG)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.model)
def test_finds_the_pose_among_outliers_with_every_camera_model(solver, camera):
    pairs, truth = made_scene(num_pairs=120, seed=1, camera=camera, outlier_share=0.4)
    estimate = solver.solve(pairs, camera)
    assert isinstance(estimate, PoseEstimate)
    assert position_gap(estimate, truth) < 0.02  # 0.5 px at 500 px focal and depth 4, 72 inliers
    assert rotation_angle_deg(estimate.cam_from_world.rotation, truth.rotation) < 0.2
    assert estimate.is_inlier[:48].sum() <= 3
    assert estimate.is_inlier[48:].all()


def test_agrees_with_the_reference_solver(solver):
    pairs, _ = made_scene(num_pairs=80, seed=2, outlier_share=0.3)
    mine = solver.solve(pairs, CAMERA)
    other = ReferenceSolver(CONFIG).solve(pairs, CAMERA)
    assert position_gap(mine, other.cam_from_world) < 2e-3
    assert mine.num_inliers == other.num_inliers


def test_same_seed_gives_the_same_pose(solver):
    pairs, _ = made_scene(num_pairs=80, seed=4, outlier_share=0.5)
    first, second = solver.solve(pairs, CAMERA), solver.solve(pairs, CAMERA)
    np.testing.assert_array_equal(first.cam_from_world.matrix, second.cam_from_world.matrix)


def test_tighter_threshold_gives_fewer_inliers(solver):
    pairs, _ = made_scene(num_pairs=200, seed=5, noise_px=3.0)
    counts = [
        type(solver)(replace(CONFIG, threshold_px=threshold_px)).solve(pairs, CAMERA).num_inliers
        for threshold_px in (12.0, 6.0, 3.0, 1.5)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 1.5 * counts[2]


def test_far_origin_loses_no_accuracy(solver):
    pairs, truth = made_scene(num_pairs=80, seed=6, offset=4e6)
    assert position_gap(solver.solve(pairs, CAMERA), truth) < 0.02


def test_nan_pairs_are_outliers_and_change_nothing(solver):
    pairs, truth = made_scene(num_pairs=80, seed=7)
    xy_img, xyz = pairs.xy_img.copy(), pairs.xyz_in_world.copy()
    xy_img[0], xyz[1] = np.nan, np.inf
    estimate = solver.solve(Correspondences(xy_img, xyz, pairs.confidence), CAMERA)
    assert position_gap(estimate, truth) < 0.02
    assert not estimate.is_inlier[:2].any()
    assert np.isinf(estimate.residuals_px[:2]).all()


@pytest.mark.parametrize("num_pairs", [0, 1, 2, 3, 4, 8])
def test_too_few_pairs_are_a_failure(solver, num_pairs):
    pairs, _ = made_scene(num_pairs=num_pairs, seed=8, noise_px=0.0)
    failure = solver.solve(pairs, CAMERA)
    assert isinstance(failure, PoseFailure)
    assert failure.num_correspondences == num_pairs


def test_all_nan_pairs_are_a_failure(solver):
    pairs = Correspondences(np.full((40, 2), np.nan), np.full((40, 3), np.nan), np.ones(40))
    assert isinstance(solver.solve(pairs, CAMERA), PoseFailure)


def test_one_point_in_many_pixels_is_a_failure(solver):
    pairs, _ = made_scene(num_pairs=60, seed=9)
    same = np.tile(pairs.xyz_in_world[:1], (60, 1))
    assert isinstance(solver.solve(replace(pairs, xyz_in_world=same), CAMERA), PoseFailure)


def test_one_pixel_of_many_points_is_a_failure(solver):
    pairs, _ = made_scene(num_pairs=60, seed=9)
    same = np.tile(pairs.xy_img[:1], (60, 1))
    assert isinstance(solver.solve(replace(pairs, xy_img=same), CAMERA), PoseFailure)


def test_repeated_pairs_count_once(solver):
    pairs, _ = made_scene(num_pairs=8, seed=10, noise_px=0.0)
    many = Correspondences(
        np.tile(pairs.xy_img, (10, 1)), np.tile(pairs.xyz_in_world, (10, 1)), np.ones(80)
    )
    assert isinstance(solver.solve(many, CAMERA), PoseFailure)


def test_points_on_a_line_are_a_failure(solver):
    generator = np.random.default_rng(11)
    xyz = np.column_stack([np.linspace(-1, 1, 80), np.linspace(-0.6, 0.6, 80), np.full(80, 4.0)])
    xy_img = CAMERA.img_from_cam(xyz) + generator.normal(0, 0.3, (80, 2))
    assert isinstance(solver.solve(Correspondences(xy_img, xyz, np.ones(80)), CAMERA), PoseFailure)


@pytest.mark.parametrize(("num_pairs", "threshold_px"), [(50, 12.0), (400, 12.0), (400, 48.0)])
def test_pure_outliers_are_a_failure(solver, num_pairs, threshold_px):
    own = type(solver)(replace(CONFIG, threshold_px=threshold_px, max_iterations=300))
    for seed in range(3):
        failure = own.solve(pure_outliers(num_pairs=num_pairs, seed=seed), CAMERA)
        assert isinstance(failure, PoseFailure)


def test_refine_from_a_near_pose_reaches_the_solution(solver):
    pairs, truth = made_scene(num_pairs=100, seed=12, outlier_share=0.2)
    estimate = solver.solve(pairs, CAMERA)
    near = replace(truth, translation=truth.translation + 0.05)
    refined = solver.refine(near, pairs, CAMERA)
    assert position_gap(refined, estimate.cam_from_world) < 3e-3
    assert refined.num_inliers == estimate.num_inliers


def test_refine_ignores_pairs_of_weight_zero(solver):
    pairs, truth = made_scene(num_pairs=100, seed=13, noise_px=0.0)
    xy_img = pairs.xy_img.copy()
    xy_img[:40] += 3.0  # within the threshold, so only the weight can silence them
    weights = np.r_[np.zeros(40), np.ones(60)]
    shifted = replace(pairs, xy_img=xy_img)
    assert position_gap(solver.refine(truth, shifted, CAMERA, weights=weights), truth) < 1e-6
    assert position_gap(solver.refine(truth, shifted, CAMERA), truth) > 1e-4


def test_polishing_a_near_pose_reaches_what_a_search_finds(solver):
    pairs, truth = made_scene(num_pairs=100, seed=14, outlier_share=0.3)
    points = undistort(pairs, CAMERA)
    searched = solver.solve(pairs, CAMERA).cam_from_world
    near = replace(truth, translation=truth.translation + 0.02)
    polished = points.to_world(solver.polish(points, points.from_world(near), num_rounds=3))
    # the loss of a polish is as wide as the pairs scatter, that of a search as its threshold asks
    gaps = [
        np.linalg.norm(pose.center_in_source - truth.center_in_source)
        for pose in (polished, searched)
    ]
    assert gaps[0] < 1.5 * gaps[1]


def test_a_polish_leaves_out_what_lies_outside_the_scatter_of_exact_pairs(solver):
    pairs, truth = made_scene(num_pairs=200, seed=16, noise_px=0.1)
    xy_img = pairs.xy_img.copy()
    xy_img[:60] += [2.0, 1.0]  # within the threshold, and all to one side
    shifted = replace(pairs, xy_img=xy_img)
    points = undistort(shifted, CAMERA)
    polished = points.to_world(solver.polish(points, points.from_world(truth), num_rounds=3))
    gap = np.linalg.norm(polished.center_in_source - truth.center_in_source)
    assert gap < 0.25 * position_gap(solver.refine(truth, shifted, CAMERA), truth)


def test_nothing_is_polished_on_pairs_that_are_far_from_the_pose(solver):
    pairs, truth = made_scene(num_pairs=40, seed=15)
    far = replace(truth, translation=truth.translation + np.array([3.0, 0.0, 0.0]))
    points = undistort(pairs, CAMERA)
    assert solver.polish(points, points.from_world(far), num_rounds=3) is None
