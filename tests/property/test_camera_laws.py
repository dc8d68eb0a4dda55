"""Laws of cameras, for every model: project and unproject undo each other, scaling commutes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neumap.geometry import Camera
from neumap.geometry.camera import PARAM_NAMES

LAW = settings(deadline=None, max_examples=10, derandomize=True)
WIDTH, HEIGHT = 640, 480
# Moderate lens values; f and c are set by the examples.
LENS = {
    "SIMPLE_PINHOLE": (),
    "PINHOLE": (),
    "SIMPLE_RADIAL": (-0.05,),
    "RADIAL": (-0.08, 0.01),
    "OPENCV": (-0.1, 0.02, 0.001, -0.001),
    "FULL_OPENCV": (-0.1, 0.02, 0.001, -0.001, 0.003, 0.01, -0.002, 0.001),
    "OPENCV_FISHEYE": (0.02, -0.005, 0.001, -0.0005),
    "SIMPLE_RADIAL_FISHEYE": (0.01,),
    "RADIAL_FISHEYE": (0.02, -0.003),
    "SIMPLE_FISHEYE": (),
    "FISHEYE": (),
    "THIN_PRISM_FISHEYE": (0.02, -0.004, 0.0005, -0.0004, 0.001, -0.0002, 0.0006, -0.0003),
    "RAD_TAN_THIN_PRISM_FISHEYE": (
        *(0.01, -0.003, 0.001, -0.0002, 0.0001, 0.0),
        *(0.0004, -0.0003, 0.0002, -0.0001, 0.0003, -0.0002),
    ),
    "FOV": (0.6,),
    "EUCM": (0.5, 1.1),
    "DIVISION": (-0.05,),
    "SIMPLE_DIVISION": (-0.05,),
}


def made_camera(model, focal_px=500.0, ratio=1.01):
    one_focal = "f" in PARAM_NAMES[model]
    focal = (focal_px,) if one_focal else (focal_px, focal_px * ratio)
    return Camera(model, WIDTH, HEIGHT, (*focal, 322.5, 236.25, *LENS[model]))


def made_pixels(seed, num_pixels):
    return np.random.default_rng(seed).uniform((0, 0), (WIDTH, HEIGHT), (num_pixels, 2))


def test_every_model_is_tested():
    assert LENS.keys() == PARAM_NAMES.keys()
    assert len(LENS) == 17


@pytest.mark.parametrize("model", LENS)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_pixels=st.integers(0, 20),
    focal_px=st.floats(380, 2000),
    depth=st.floats(0.01, 1e4),
)
@LAW
def test_unproject_then_project_returns_the_pixel(model, seed, num_pixels, focal_px, depth):
    camera = made_camera(model, focal_px)
    xy_img = made_pixels(seed, num_pixels)
    normalised = camera.cam_from_img(xy_img)
    assert normalised.shape == (num_pixels, 2)
    xyz_in_cam = depth * np.column_stack([normalised, np.ones(num_pixels)])
    # pycolmap stops its iteration at 1e-10 in normalised coordinates.
    np.testing.assert_allclose(camera.img_from_cam(xyz_in_cam), xy_img, atol=1e-4)


@pytest.mark.parametrize("model", LENS)
@given(seed=st.integers(0, 2**32 - 1), num_points=st.integers(0, 20))
@LAW
def test_project_then_unproject_returns_the_direction(model, seed, num_points):
    camera = made_camera(model)
    generator = np.random.default_rng(seed)
    directions = generator.uniform((-0.6, -0.45), (0.6, 0.45), (num_points, 2))
    depth = generator.uniform(0.5, 50, (num_points, 1))
    xy_img = camera.img_from_cam(np.column_stack([directions * depth, depth]))
    np.testing.assert_allclose(camera.cam_from_img(xy_img), directions, atol=1e-6)


@pytest.mark.parametrize("model", LENS)
def test_principal_point_is_the_optical_axis(model):
    camera = made_camera(model)
    centre = np.array([[camera.cx, camera.cy]])
    np.testing.assert_allclose(camera.cam_from_img(centre), 0, atol=1e-9)
    np.testing.assert_allclose(camera.img_from_cam(np.array([[0.0, 0.0, 3.0]])), centre, atol=1e-9)


@pytest.mark.parametrize("model", LENS)
@pytest.mark.parametrize("z", [0.0, -1.0, -1e-12])
def test_points_at_or_behind_the_camera_have_no_pixel(model, z):
    xyz_in_cam = np.array([[0.1, 0.2, z], [0.0, 0.0, z], [0.1, 0.1, 1.0]])
    xy_img = made_camera(model).img_from_cam(xyz_in_cam)
    assert np.isnan(xy_img[:2]).all()
    assert np.isfinite(xy_img[2]).all()


@pytest.mark.parametrize("model", LENS)
@pytest.mark.parametrize("factor", [0.5, 2.0, 0.25])
def test_scaling_the_picture_scales_its_pixels(model, factor):
    camera = made_camera(model)
    scaled = camera.scaled(int(WIDTH * factor), int(HEIGHT * factor))
    xy_img = made_pixels(3, 20)
    np.testing.assert_allclose(
        scaled.cam_from_img(factor * xy_img), camera.cam_from_img(xy_img), atol=1e-7
    )
    back = scaled.scaled(WIDTH, HEIGHT)
    np.testing.assert_allclose(back.params, camera.params, rtol=1e-12)


@pytest.mark.parametrize("model", [name for name in LENS if "f" not in PARAM_NAMES[name]])
def test_scaling_may_differ_between_the_axes(model):
    camera = made_camera(model)
    scaled = camera.scaled(2 * WIDTH, HEIGHT)
    xy_img = made_pixels(4, 20)
    np.testing.assert_allclose(
        scaled.cam_from_img(xy_img * np.array([2.0, 1.0])), camera.cam_from_img(xy_img), atol=1e-7
    )


@pytest.mark.parametrize("focal_px", [80.0, 120.0, 150.0])
@pytest.mark.parametrize(
    "model", [name for name in LENS if "FISHEYE" in name or name in ("FOV", "EUCM")]
)
def test_pixels_of_a_wide_lens_have_their_own_ray_or_none(model, focal_px):
    """Beyond 90 degrees there is no (x/z, y/z): never the ray of another pixel."""
    camera = made_camera(model, focal_px)
    xy_img = made_pixels(5, 200)
    normalised = camera.cam_from_img(xy_img)
    has_ray = np.isfinite(normalised).all(axis=1)
    assert has_ray.any()
    xyz_in_cam = np.column_stack([normalised, np.ones(200)])[has_ray]
    np.testing.assert_allclose(camera.img_from_cam(xyz_in_cam), xy_img[has_ray], atol=0.05)


@pytest.mark.parametrize(
    ("model", "lens"), [("SIMPLE_RADIAL", (-0.2,)), ("OPENCV", (-0.4, 0.05, 0.0, 0.0))]
)
def test_directions_outside_the_view_never_fold_onto_the_image(model, lens):
    focal = (500.0,) if model == "SIMPLE_RADIAL" else (500.0, 500.0)
    camera = Camera(model, WIDTH, HEIGHT, (*focal, 320.0, 240.0, *lens))
    slope = np.linspace(0, 8, 400)
    xy_img = camera.img_from_cam(np.column_stack([slope, 0 * slope, 1 + 0 * slope]))
    on_image = (xy_img[:, 0] >= 0) & (xy_img[:, 0] <= WIDTH)
    assert on_image.sum() > 20
    assert slope[on_image].max() < 1.0
    np.testing.assert_allclose(
        camera.cam_from_img(xy_img[on_image])[:, 0], slope[on_image], atol=1e-6
    )
