import shutil

import numpy as np
import pytest

from layout_writers import save_photo
from neumap.errors import DataError
from neumap.images import read_images

PINCAM = "lowres_wide_intrinsics/40753679_6846.005.pincam"


@pytest.fixture
def root(write_layout):
    return write_layout("arkitscenes")


def test_the_largest_photos_are_read_with_intrinsics_of_their_own(root):
    for path in (root / "lowres_wide").iterdir():
        save_photo(root / "wide" / path.name, np.zeros((96, 128, 3), np.uint8))
    (root / "wide_intrinsics").mkdir()
    for path in (root / "lowres_wide_intrinsics").iterdir():
        (root / "wide_intrinsics" / path.name).write_text("128 96 120 122 61.5 49.5\n")
    shutil.copytree(root / "lowres_depth", root / "highres_depth")
    image = read_images(root).images[0]
    assert image.name.startswith("wide/")
    assert image.camera.params == (120, 122, 62, 50)
    assert image.depth.path.parent.name == "highres_depth"


def test_photos_without_a_pose_at_their_time_are_left_out_with_a_warning(root):
    path = root / "lowres_wide.traj"
    path.write_text("\n".join(path.read_text().splitlines()[1:]) + "\n")
    image_set = read_images(root)
    assert len(image_set.images) == 5
    assert any("1 (" in s and "no pose within 5 ms" in s for s in image_set.warnings)


def test_photos_without_depth_are_read(root):
    shutil.rmtree(root / "lowres_depth")
    assert all(image.depth is None for image in read_images(root).images)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("lowres_wide.traj", "1.0 0 0 0 0 0\n", "lowres_wide.traj, line 1: is not `time rx"),
        ("lowres_wide.traj", "1.0 0 0 0 x 0 0\n", "line 1, field 5: 'x' is not a number"),
        ("lowres_wide.traj", "1.0 0 0 nan 0 0 0\n", "line 1: holds NaN"),
        ("lowres_wide.traj", "", "lowres_wide.traj: holds no pose"),
        (PINCAM, "64 48 60 61 30.5\n", "6846.005.pincam: is not one line"),
        (PINCAM, "64 48 60 61 30.5 y\n", "6846.005.pincam, line 1, field 6: 'y'"),
        (PINCAM, "64.5 48 60 61 30.5 24.5\n", "6846.005.pincam: has the size 64.5 x 48.0"),
        (PINCAM, "64 48 0 61 30.5 24.5\n", "6846.005.pincam: focal lengths"),
    ],
)
def test_malformed_files_are_refused_by_place(root, name, text, message):
    assert (root / name).is_file()
    (root / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_intrinsics_without_a_time_in_the_name_are_refused(root):
    (root / PINCAM).rename(root / "lowres_wide_intrinsics/first.pincam")
    with pytest.raises(DataError, match=r"first\.pincam: has no time in its name"):
        read_images(root)
