import numpy as np
import pytest

from neumap.geometry import Camera
from neumap.pose import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.focal_solver import UnknownFocalSolver
from neumap.pose.solver import SolverConfig
from pose_scenes import CAMERA, made_scene, position_gap, pure_outliers

SOLVER = UnknownFocalSolver(SolverConfig(threshold_px=6.0, seed=2))
GUESS = Camera.pinhole(640, 480, fx=900.0, fy=900.0, cx=320.0, cy=240.0)


def test_finds_pose_and_focal_length_from_a_wrong_guess():
    pairs, truth = made_scene(num_pairs=150, seed=1, outlier_share=0.4)
    estimate = SOLVER.solve(pairs, GUESS)
    assert isinstance(estimate, PoseEstimate)
    assert estimate.camera.fx == pytest.approx(CAMERA.fx, rel=0.02)
    assert position_gap(estimate, truth) < 0.08


def test_the_given_camera_is_not_changed():
    pairs, _ = made_scene(num_pairs=150, seed=1)
    SOLVER.solve(pairs, GUESS)
    assert GUESS.fx == 900


@pytest.mark.parametrize("num_pairs", [0, 3, 4, 8])
def test_too_few_pairs_are_a_failure(num_pairs):
    pairs, _ = made_scene(num_pairs=num_pairs, seed=2)
    assert isinstance(SOLVER.solve(pairs, GUESS), PoseFailure)


def test_pure_outliers_and_nan_are_a_failure():
    assert isinstance(SOLVER.solve(pure_outliers(num_pairs=200, seed=3), GUESS), PoseFailure)
    pairs = Correspondences(np.full((40, 2), np.nan), np.full((40, 3), np.nan), np.ones(40))
    assert isinstance(SOLVER.solve(pairs, GUESS), PoseFailure)


def test_plane_parallel_to_the_image_is_a_failure():
    xyz = np.random.default_rng(4).uniform((-2, -1.5, 4), (2, 1.5, 4), (80, 3))
    noise = np.random.default_rng(5).normal(0, 0.5, (80, 2))
    pairs = Correspondences(CAMERA.img_from_cam(xyz) + noise, xyz, np.ones(80))
    assert isinstance(SOLVER.solve(pairs, GUESS), PoseFailure)
