import json

import pytest

from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def edit(write_layout):
    root = write_layout("capture")

    def apply(shared=None, frame=None):
        content = json.loads((root / "cameras.json").read_text())
        content.update(shared or {})
        content["frames"][1].update(frame or {})
        (root / "cameras.json").write_text(json.dumps(content))
        return root

    return apply


@pytest.mark.parametrize(
    ("shared", "units"),
    [
        ({"gt": "laser scan, metres"}, "metre"),
        ({"gt": "COLMAP (arbitrary scale)"}, "unknown"),
        ({"gt": "COLMAP (arbitrary scale)", "units": "metre"}, "metre"),
        ({"units": "unknown"}, "unknown"),
    ],
)
def test_units_follow_the_field_before_the_text(edit, shared, units):
    assert read_images(edit(shared)).units == units


def test_a_frame_without_pose_is_a_query(edit):
    image_set = read_images(edit(frame={"T_wc": None}))
    assert image_set.images[1].cam_from_world is None
    assert image_set.images[0].cam_from_world is not None


def test_depth_of_half_the_size_gets_a_scaled_camera(edit, synthetic_capture):
    from layout_writers import save_depth

    root = edit()
    save_depth(root / "depth" / "001.png", synthetic_capture.depth_m[::2, ::2], 1000)
    depth = read_images(root).images[1].depth
    assert depth is not None
    assert (depth.camera.width, depth.camera.height) == (32, 24)
    assert depth.camera.params == pytest.approx((30, 30.5, 15.5, 12.5))


def test_missing_depth_is_a_warning(edit):
    root = edit()
    (root / "depth" / "001.png").unlink()
    image_set = read_images(root)
    assert image_set.images[1].depth is None
    assert any("depth" in sentence for sentence in image_set.warnings)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"w": 64.5}, r"frames\[1\], field w: 64.5 is not a size"),
        ({"fx": None}, r"frames\[1\], field fx: is missing"),
        ({"fx": True}, r"field fx: True is not a number"),
        ({"cx": 500.0}, r"frames\[1\]: principal point"),
        ({"file": ""}, r"field file: is missing"),
        ({"T_wc": "x"}, r"field T_wc: is not a 3x4 or 4x4"),
        ({"w": 48, "h": 64, "cx": 24.0}, "rotated by 90 degrees"),
        ({"w": 100, "h": 48}, "is 64 x 48 px but its camera is 100 x 48"),
    ],
)
def test_malformed_fields_are_refused_by_file_and_field(edit, frame, message):
    with pytest.raises(DataError, match=message):
        read_images(edit(frame=frame))


def test_unknown_units_are_refused(edit):
    with pytest.raises(DataError, match="field units: 'feet'"):
        read_images(edit({"units": "feet"}))
