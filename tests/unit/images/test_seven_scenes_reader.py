import numpy as np
import pytest

from layout_writers import save_photo
from neumap.errors import DataError
from neumap.images import Split, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("7scenes")


def test_sequence_lists_become_the_given_split(root):
    split = Split.of(read_images(root))
    assert {name.split("/")[0] for name in split.map_names} == {"seq-01"}
    assert {name.split("/")[0] for name in split.query_names} == {"seq-02"}
    assert len(split.map_names) == len(split.query_names) == 3


def test_frames_without_sequence_folders_are_read_too(root):
    for path in [*root.glob("seq-*/*")]:
        path.rename(root / path.name)
    image_set = read_images(root)
    assert image_set.images[0].name == "frame-000000.color.png"
    assert len(image_set.images) == 6


@pytest.mark.parametrize("token", ["nan", "inf", "-inf", "1.#INF", "-1.#IND", "INF"])
def test_lost_frames_are_dropped_and_counted(root, token):
    path = root / "seq-01" / "frame-000001.pose.txt"
    path.write_text("\n".join([" ".join([token] * 4)] * 4) + "\n")
    image_set = read_images(root)
    assert len(image_set.images) == 5
    assert any("tracking lost" in sentence for sentence in image_set.warnings)
    assert len(Split.of(image_set).map_names) == 2


def test_without_intrinsics_other_sizes_than_the_documented_are_refused(root):
    (root / "camera-intrinsics.txt").unlink()
    with pytest.raises(DataError, match="states no intrinsics"):
        read_images(root)


def test_the_documented_focal_length_is_taken_with_a_warning(root):
    (root / "camera-intrinsics.txt").unlink()
    for path in root.glob("seq-*/*.color.png"):
        save_photo(path, np.zeros((480, 640, 3), np.uint8))
    image_set = read_images(root)
    assert image_set.images[0].camera.params == (585, 585, 320, 240)
    assert any("585" in sentence for sentence in image_set.warnings)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "seq-01/frame-000001.pose.txt",
            "1 0 0 0\n0 1 0 0\n0 0 1 0\n",
            "3 rows of numbers, expected 4",
        ),
        ("seq-01/frame-000001.pose.txt", "1 0 0 x\n" * 4, "line 1, field 4: 'x'"),
        ("seq-01/frame-000001.pose.txt", "1 0 0 0\n" * 4, "last row of the pose"),
        ("camera-intrinsics.txt", "1 2 3\n", "1 rows of numbers, expected 3"),
        ("camera-intrinsics.txt", "-1 0 3\n0 1 3\n0 0 1\n", "camera-intrinsics.txt: focal"),
        ("TrainSplit.txt", "sequence1\nchess\n", "TrainSplit.txt, line 2"),
    ],
)
def test_malformed_files_are_refused_by_name_and_line(root, name, text, message):
    (root / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)
