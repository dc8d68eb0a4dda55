import numpy as np
import pytest

from neumap.errors import CameraError
from neumap.geometry import Camera

GOOD = (500.0, 500.0, 320.0, 240.0)


def test_first_pixel_centre_is_half_a_pixel_from_the_corner():
    camera = Camera.pinhole(2, 2, fx=2.0, fy=2.0, cx=1.0, cy=1.0)
    centres = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [1.5, 1.5]])
    rays = np.array([[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]])
    np.testing.assert_allclose(camera.cam_from_img(centres), rays)


def test_x_is_to_the_right_and_y_is_down():
    camera = Camera("PINHOLE", 640, 480, GOOD)
    (right,), (down,) = (
        camera.img_from_cam(np.array([point])) for point in ([0.1, 0.0, 1.0], [0.0, 0.1, 1.0])
    )
    np.testing.assert_allclose(right, [370.0, 240.0])
    np.testing.assert_allclose(down, [320.0, 290.0])


def test_opencv_model_equals_its_published_formula():
    k1, k2, p1, p2 = -0.1, 0.02, 0.001, -0.002
    camera = Camera("OPENCV", 640, 480, (*GOOD, k1, k2, p1, p2))
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2 * r2
    expected = [
        500 * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + 320,
        500 * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + 240,
    ]
    np.testing.assert_allclose(camera.img_from_cam(np.array([[x, y, 1.0]]))[0], expected)


def test_equidistant_fisheye_equals_its_published_formula():
    camera = Camera("OPENCV_FISHEYE", 640, 480, (*GOOD, 0.02, -0.01, 0.0, 0.0))
    theta = np.arctan(0.5)
    expected = 320 + 500 * theta * (1 + 0.02 * theta**2 - 0.01 * theta**4)
    assert camera.img_from_cam(np.array([[0.5, 0.0, 1.0]]))[0, 0] == pytest.approx(expected)


def test_focal_px_is_the_mean_and_one_focal_models_have_both():
    assert Camera.pinhole(640, 480, fx=400.0, fy=500.0, cx=320.0, cy=240.0).focal_px == 450.0
    camera = Camera("SIMPLE_RADIAL", 640, 480, (450.0, 320.0, 240.0, 0.0))
    assert (camera.fx, camera.fy) == (450.0, 450.0)


@pytest.mark.parametrize(
    ("model", "size", "params", "reason"),
    [
        ("NO_SUCH_MODEL", (640, 480), GOOD, "unknown camera model"),
        ("PINHOLE", (640, 480), GOOD[:3], "3 parameters, expected 4"),
        ("PINHOLE", (640, 480), (float("nan"), *GOOD[1:]), "NaN"),
        ("PINHOLE", (640, 480), (float("inf"), *GOOD[1:]), "infinite"),
        ("PINHOLE", (0, 480), GOOD, "empty"),
        ("PINHOLE", (640, 480), (-500.0, *GOOD[1:]), "positive"),
        ("PINHOLE", (640, 480), (500.0, 0.0, 320.0, 240.0), "positive"),
        ("PINHOLE", (640, 480), (1.2, 1.2, 0.5, 0.5), "deg view"),
        ("PINHOLE", (640, 480), (50_000.0, 50_000.0, 320.0, 240.0), "deg view"),
        ("PINHOLE", (640, 480), (500.0, 500.0, 900.0, 240.0), "off the image"),
    ],
)
def test_impossible_cameras_are_refused_with_the_reason(model, size, params, reason):
    with pytest.raises(CameraError, match=reason):
        Camera(model, *size, params)


def test_another_aspect_ratio_is_refused_where_the_model_has_one_focal_length():
    camera = Camera("SIMPLE_PINHOLE", 640, 480, (500.0, 320.0, 240.0))
    with pytest.raises(CameraError, match="resized"):
        camera.scaled(640, 960)
