import numpy as np
import pytest

from neumap.pose.reference_solver import p3p
from pose_scenes import CAMERA, made_scene


@pytest.mark.parametrize("seed", range(8))
def test_one_of_the_p3p_answers_is_the_true_pose(seed):
    pairs, truth = made_scene(num_pairs=3, seed=seed, noise_px=0.0)
    rays = np.column_stack([CAMERA.cam_from_img(pairs.xy_img), np.ones(3)])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    gaps = [np.abs(pose.matrix - truth.matrix).max() for pose in p3p(rays, pairs.xyz_in_world)]
    assert 1 <= len(gaps) <= 4
    assert min(gaps) < 1e-5


def test_equal_points_have_no_p3p_answer():
    rays = np.eye(3)
    assert p3p(rays, np.ones((3, 3))) == []
