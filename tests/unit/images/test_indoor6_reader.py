import pickle

import pytest

from neumap.errors import DataError
from neumap.images import Split, read_images

NAMES = [f"image-{index:06d}.color.jpg" for index in range(6)]


@pytest.fixture
def root(write_layout):
    return write_layout("indoor6")


def write_split(root, content, **options):
    (root / "train_test_val.pkl").write_bytes(pickle.dumps(content, **options))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_train_is_mapped_and_test_queried_with_every_pickle_protocol(root, protocol):
    # the strings of `all` stand again in the other lists, where a pickle only refers to them
    content = {"all": NAMES, "train": NAMES[:3], "val": NAMES[3:4], "test": NAMES[4:]}
    write_split(root, content, protocol=protocol)
    split = Split.of(read_images(root))
    assert split.map_names == tuple(f"images/{name}" for name in NAMES[:3])
    assert split.query_names == tuple(f"images/{name}" for name in NAMES[4:])


def test_a_split_that_would_run_code_is_not_run(root, tmp_path):
    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "was_run"), "w"))

    write_split(root, {"train": NAMES[:4], "test": NAMES[4:], "val": Attack()})
    assert len(Split.of(read_images(root)).query_names) == 2
    assert not (tmp_path / "was_run").exists()


def test_without_the_split_file_there_is_no_given_split(root):
    (root / "train_test_val.pkl").unlink()
    assert read_images(root).given_split is None


def test_the_number_that_the_loader_does_not_use_is_named(root):
    path = root / "images/image-000003.intrinsics.txt"
    path.write_text(path.read_text().replace(" 0.0 ", " 0.05 "))
    image_set = read_images(root)
    assert image_set.images[3].camera == image_set.images[2].camera
    assert any("000003" in s and "a sixth number" in s for s in image_set.warnings)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images/image-000002.pose.txt", "1 0 0 0\n", "000002.pose.txt: holds 1 rows of"),
        ("images/image-000002.pose.txt", "1 0 0 x\n" * 3, "line 1, field 4: 'x' is not a number"),
        ("images/image-000002.intrinsics.txt", "64 48 60 31 25\n", "is not one line `width height"),
        ("images/image-000002.intrinsics.txt", "6x 48 60 31 25 0 a\n", "'6x' is not a whole"),
        ("images/image-000002.intrinsics.txt", "64 48 -60 31 25 0 a\n", "txt: focal length"),
        ("train_test_val.pkl", "no pickle", "train_test_val.pkl: is no whole pickle"),
    ],
)
def test_malformed_files_are_refused_by_place(root, name, content, message):
    (root / name).write_text(content)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_missing_intrinsics_and_an_empty_part_are_refused(root):
    (root / "images/image-000001.intrinsics.txt").unlink()
    write_split(root, {"train": NAMES, "test": []})
    with pytest.raises(DataError) as caught:
        read_images(root)
    reasons = [fault.reason for fault in caught.value.faults]
    assert reasons == ["does not exist", "lists no *.color.jpg under 'test'"]
