import numpy as np
import pytest

from layout_writers import save_photo
from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def root(write_layout):
    return write_layout("tum")


def test_photos_without_pose_are_left_out_with_a_warning(root):
    path = root / "groundtruth.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:-2]) + "\n")
    image_set = read_images(root)
    assert len(image_set.images) == 4
    assert any("2 (" in s and "no pose within" in s for s in image_set.warnings)


@pytest.mark.parametrize(
    ("line", "model", "tail"),
    [
        ("60 61 30.5 24.5", "PINHOLE", ()),
        ("60 61 30.5 24.5 0.1 0.2 0.3 0.4", "OPENCV", (0.1, 0.2, 0.3, 0.4)),
        ("60 61 30.5 24.5 0.1 0.2 0.3 0.4 0", "OPENCV", (0.1, 0.2, 0.3, 0.4)),
        ("60 61 30.5 24.5 0.1 0 0 0 0.2", "FULL_OPENCV", (0.1, 0, 0, 0, 0.2, 0, 0, 0)),
        ("60 61 30.5 24.5 1 2 3 4 5 6 7 8", "FULL_OPENCV", (1, 2, 3, 4, 5, 6, 7, 8)),
    ],
)
def test_calibration_is_read_and_moved_to_the_corner_origin(root, line, model, tail):
    (root / "calibration.txt").rename(root / "camera.txt")
    (root / "camera.txt").write_text(line + "\n")
    camera = read_images(root).images[0].camera
    assert camera.model == model
    assert camera.params == pytest.approx((60, 61, 31, 25, *tail))


def test_the_default_camera_is_for_640_x_480_only_and_said(root):
    (root / "calibration.txt").unlink()
    with pytest.raises(DataError, match="states no intrinsics"):
        read_images(root)
    for path in (root / "rgb").iterdir():
        save_photo(path, np.zeros((480, 640, 3), np.uint8))
    image_set = read_images(root)
    assert image_set.images[0].camera.params == (525, 525, 320, 240)
    assert any("default" in sentence for sentence in image_set.warnings)


def test_a_sequence_without_depth_list_is_read(root):
    (root / "depth.txt").unlink()
    assert all(image.depth is None for image in read_images(root).images)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("rgb.txt", "1.0 a.png extra\n", "rgb.txt, line 1"),
        ("rgb.txt", "one a.png\n", "rgb.txt, line 1, field 1"),
        ("groundtruth.txt", "# t\n1305031102.0 0 0 0 0 0 1\n", "groundtruth.txt, line 2"),
        ("groundtruth.txt", "1305031102.0 0 0 0 0 0 0 2\n", "norm 2.0"),
        ("groundtruth.txt", "1305031102.0 nan 0 0 0 0 0 1\n", "NaN"),
        ("calibration.txt", "60 61 30\n", "calibration.txt: is not one line of"),
        ("calibration.txt", "0 61 30 24\n", "must be positive"),
    ],
)
def test_malformed_files_are_refused_by_name_and_line(root, name, text, message):
    (root / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)
