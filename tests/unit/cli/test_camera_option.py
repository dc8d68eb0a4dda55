import json

import pytest

from neumap.cli.camera_option import read_camera_option
from neumap.errors import CameraError
from neumap.geometry import Camera

CAMERA = Camera("OPENCV", 640, 480, (525.0, 520.0, 320.0, 240.0, -0.1, 0.02, 0.001, -0.001))


def test_text_and_file_give_the_same_camera(tmp_path):
    text = "opencv, 640,480,525,520,320,240,-0.1,0.02,0.001,-0.001"
    path = tmp_path / "camera.json"
    fields = {"model": "OPENCV", "width": 640, "height": 480, "params": list(CAMERA.params)}
    path.write_text(json.dumps(fields))
    assert read_camera_option(text) == CAMERA
    assert read_camera_option(str(path)) == CAMERA


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("PINHOLE", "cannot be read"),
        ("PINHOLE,640,480,525,525,320", "3 parameters"),
        ("TELESCOPE,640,480,525", "unknown camera model"),
        ("PINHOLE,640,480,a,525,320,240", "cannot be read"),
        ("PINHOLE,640,480,nan,525,320,240", "NaN"),
        ("none.json", "cannot be read as JSON"),
    ],
)
def test_a_wrong_camera_is_refused_with_the_reason(text, word):
    with pytest.raises(CameraError, match=word):
        read_camera_option(text)


@pytest.mark.parametrize(
    "content",
    ["[]", "{", '{"model": "PINHOLE"}', '{"model": "P", "width": 1, "height": 1, "params": 3}'],
)
def test_a_wrong_camera_file_is_refused_by_name(content, tmp_path):
    path = tmp_path / "camera.json"
    path.write_text(content)
    with pytest.raises(CameraError) as caught:
        read_camera_option(str(path))
    assert str(path) in str(caught.value)
