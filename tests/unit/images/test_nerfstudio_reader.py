import json
from math import atan

import numpy as np
import pytest

from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def edit(write_layout):
    """Change the fields of transforms.json and return the folder."""
    root = write_layout("nerfstudio")

    def apply(shared=None, frame=None, drop=()):
        content = json.loads((root / "transforms.json").read_text())
        content.update(shared or {})
        content["frames"][1].update(frame or {})
        for key in drop:
            content.pop(key, None)
            content["frames"][1].pop(key, None)
        (root / "transforms.json").write_text(json.dumps(content))
        return root

    return apply


CAMERAS = {
    "distortion": ({"k1": 0.1, "k2": 0.2, "p1": 0.3, "p2": 0.4}, "OPENCV", (0.1, 0.2, 0.3, 0.4)),
    "k3": ({"k1": 0.1, "k3": 0.2}, "FULL_OPENCV", (0.1, 0, 0, 0, 0.2, 0, 0, 0)),
    "fisheye": (
        {"camera_model": "OPENCV_FISHEYE", "k1": 0.1, "k4": 0.2},
        *("OPENCV_FISHEYE", (0.1, 0, 0, 0.2)),
    ),
    "instant-ngp fisheye": ({"is_fisheye": True, "k2": 0.1}, "OPENCV_FISHEYE", (0, 0.1, 0, 0)),
    "zero distortion": ({"k1": 0.0, "p1": 0}, "PINHOLE", ()),
}


@pytest.mark.parametrize("case", CAMERAS)
def test_distortion_chooses_the_camera_model(edit, case):
    shared, model, tail = CAMERAS[case]
    camera = read_images(edit(shared)).images[0].camera
    assert camera.model == model
    assert camera.params[4:] == pytest.approx(tail)


def test_a_frames_own_intrinsics_win_over_the_shared_ones(edit):
    images = read_images(edit(frame={"fl_x": 70.0, "cx": 33.0})).images
    assert images[0].camera.params == (60, 61, 31, 25)
    assert images[1].camera.params == (70, 61, 33, 25)


def test_field_of_view_and_photo_size_stand_in_for_missing_fields(edit):
    root = edit({"camera_angle_x": 2 * atan(0.5)}, drop=("fl_x", "fl_y", "cx", "cy", "w", "h"))
    camera = read_images(root).images[0].camera
    assert camera.params == pytest.approx((64, 64, 32, 24))


def test_depth_makes_the_units_metres(edit):
    root = edit()
    content = json.loads((root / "transforms.json").read_text())
    for frame in content["frames"]:
        frame["depth_file_path"] = "depth.png"
    (root / "transforms.json").write_text(json.dumps(content))
    image_set = read_images(root)
    assert image_set.units == "metre"
    assert any("depth pictures are missing" in sentence for sentence in image_set.warnings)


BAD = {
    "no focal": ({}, {}, ("fl_x",), "field fl_x: is missing"),
    "text": ({}, {"fl_x": "60"}, (), r"frames\[1\], field fl_x: '60' is not a number"),
    "bad focal": ({}, {"fl_x": -5.0}, (), r"frames\[1\], camera PINHOLE: focal lengths"),
    "no pose": ({}, {}, ("transform_matrix",), r"field transform_matrix: is not a 3x4 or 4x4"),
    "ragged": ({}, {"transform_matrix": [[1, 2], [3]]}, (), "is not a 3x4 or 4x4"),
    "transposed": (
        *({}, {"transform_matrix": np.array([*np.eye(4)[:3], [1, 2, 3, 1]]).tolist()}, ()),
        "last row of the pose",
    ),
    "mirrored": ({}, {"transform_matrix": np.diag([1.0, 1, -1, 1]).tolist()}, (), "mirrored"),
    "NaN": ({}, {"transform_matrix": (np.eye(4) * np.nan).tolist()}, (), "NaN"),
    "huge": ({}, {"fl_x": 10**400}, (), "too large"),
    "model": ({"camera_model": "EQUIRECTANGULAR"}, {}, (), "EQUIRECTANGULAR is not one of"),
    "k4": ({"k4": 0.1}, {}, (), "no counterpart"),
    "outside": ({}, {"file_path": "/etc/hosts"}, (), "not a path inside"),
    "frames": ({"frames": []}, None, (), "is not a list of frames"),
}


@pytest.mark.parametrize("case", BAD)
def test_malformed_fields_are_refused_by_file_and_field(edit, case):
    shared, frame, drop, message = BAD[case]
    if "frames" in shared:
        root = edit()
        (root / "transforms.json").write_text(json.dumps(shared))
    else:
        root = edit(shared, frame, drop)
    with pytest.raises(DataError, match=message):
        read_images(root)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100000, "\ufeff{}", "\x00"])
def test_what_is_no_json_object_is_refused(tmp_path, text):
    (tmp_path / "transforms.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"transforms\.json"):
        read_images(tmp_path)


def test_a_photo_listed_twice_is_refused(edit):
    with pytest.raises(DataError, match="listed twice"):
        read_images(edit(frame={"file_path": "images/000.png"}))
