import numpy as np

from neumap.geometry import Camera
from neumap.pose import Correspondences
from neumap.pose.ideal_points import undistort
from pose_scenes import CAMERA, made_scene


def test_shift_of_the_origin_is_undone():
    pairs, truth = made_scene(num_pairs=10, seed=0, offset=1e5)
    points = undistort(pairs, CAMERA)
    back = points.to_world(points.from_world(truth))
    np.testing.assert_allclose(back.matrix, truth.matrix, atol=1e-9)
    assert np.abs(points.xyz).max() < 20


def test_residual_is_the_noise_in_ideal_pixels_and_inf_behind():
    pairs, truth = made_scene(num_pairs=10, seed=1, noise_px=0.0)
    xy_img = pairs.xy_img + np.array([3.0, 4.0])
    xyz = pairs.xyz_in_world.copy()
    behind = truth.inverse().apply(np.array([[0.1, 0.2, -2.0]]))
    xyz[9] = behind[0]
    points = undistort(Correspondences(xy_img, xyz, pairs.confidence), CAMERA)
    residuals = points.residuals_px(points.from_world(truth))
    np.testing.assert_allclose(residuals[:9], 5.0, atol=1e-6)
    assert np.isinf(residuals[9])


def test_pixels_without_a_ray_are_dropped():
    camera = Camera("OPENCV_FISHEYE", 640, 480, (150.0, 150.0, 320.0, 240.0, 0.0, 0.0, 0.0, 0.0))
    xy_img = np.array([[320.0, 240.0], [639.0, 479.0]])  # 400 px / 150 px = 153 deg off axis
    points = undistort(Correspondences(xy_img, np.ones((2, 3)), np.ones(2)), camera)
    assert points.is_used.tolist() == [True, False]
    assert len(points) == 1
