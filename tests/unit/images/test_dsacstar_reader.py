import pytest

from neumap.errors import DataError
from neumap.images import Split, read_images

CALIBRATION = "train/calibration/frame-000003.calibration.txt"


@pytest.fixture
def root(write_layout):
    return write_layout("dsacstar")


def test_train_and_test_are_the_given_split(root):
    split = Split.of(read_images(root))
    assert (len(split.map_names), len(split.query_names)) == (4, 2)
    assert all(name.startswith("test/rgb/") for name in split.query_names)


def test_one_focal_length_puts_the_principal_point_in_the_centre(root):
    for path in root.glob("*/calibration/*.txt"):
        path.write_text("60.5")
    camera = read_images(root).images[0].camera
    assert (camera.model, camera.params) == ("SIMPLE_PINHOLE", (60.5, 32, 24))


def test_names_as_of_the_cambridge_script_are_matched(root):
    for path in root.glob("*/*/frame-*"):
        path.rename(path.with_name(f"seq1_{path.name.split('.')[0]}{path.suffix}"))
    assert len(read_images(root).images) == 6


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "train/calibration/frame-000003.calibration.txt",
            "60\n",
            "is one of focal length and 3x3",
        ),
        ("train/calibration/frame-000003.calibration.txt", "60 1\n", "line 1: has 2 numbers"),
        ("train/calibration/frame-000003.calibration.txt", "-5\n", "000003.calibration.txt: focal"),
        ("test/poses/frame-000001.pose.txt", "1 0 0 0\n", "holds 1 rows of numbers"),
    ],
)
def test_malformed_files_are_refused_by_name(root, name, text, message):
    (root / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_a_pose_without_calibration_is_refused(root):
    (root / CALIBRATION).unlink()
    with pytest.raises(DataError, match=r"000003\.pose\.txt: has no calibration of its name"):
        read_images(root)
