import numpy as np
import pytest

from neumap.errors import DataError
from neumap.images import Split, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("pseudo-truth")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_the_lists_are_the_split_and_go_before_the_original_poses(root, synthetic_capture):
    image_set = read_images(root)
    split = Split.of(image_set)
    assert {name.split("/")[0] for name in split.map_names} == {"seq-01"}
    assert {name.split("/")[0] for name in split.query_names} == {"seq-02"}
    assert all(image.depth is None for image in image_set.images)
    gap = image_set.images[0].cam_from_world.matrix @ synthetic_capture.world_from_cam[0]
    assert np.abs(gap - np.eye(4)).max() < 1e-6


def test_the_original_poses_are_read_on_request(root):
    (root / "camera-intrinsics.txt").write_text("60 0 31\n0 61 25\n0 0 1\n")
    for path in root.glob("seq-*/*.pose.txt"):
        path.write_text("1 0 0 7\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    image_set = read_images(root, layout="7scenes")
    assert image_set.images[0].cam_from_world.translation[0] == -7


def test_the_suffix_on_disk_counts(root):
    """12-Scenes has .jpg photos."""
    for path in root.glob("seq-*/*.color.png"):
        path.rename(path.with_suffix(".jpg"))
    image_set = read_images(root)
    assert image_set.images[0].name == "seq-01/frame-000000.color.jpg"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("frame-000001.color.png ", "frame-000001.color.png 1 ", "line 2: has 10 fields"),
        ("frame-000001.color.png ", "frame-000001.color.png x", "line 2, field 2"),
        ("\n", " 1\n", "line 1: has 10 fields"),
        (" 60\n", " -60\n", "line 1: focal lengths"),
        ("seq-01/frame-000001", "../seq-01/frame-000001", "is not a path inside"),
    ],
)
def test_malformed_lists_are_refused_by_line(root, old, new, message):
    edit(root / "chess_train.txt", old, new)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_two_pairs_of_lists_are_refused(root):
    for part in ("train", "test"):
        (root / f"fire_{part}.txt").write_text("")
    with pytest.raises(DataError, match="holds 2 pairs"):
        read_images(root)
