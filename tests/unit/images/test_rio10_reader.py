import pytest

from neumap.errors import DataError
from neumap.images import Split, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("rio10")


def test_the_first_scan_is_mapped_and_the_others_are_queries(root):
    split = Split.of(read_images(root))
    assert {name.split("/")[0] for name in split.map_names} == {"seq02_01"}
    assert {name.split("/")[0] for name in split.query_names} == {"seq02_02"}


def test_hidden_queries_have_no_pose(root):
    for path in root.glob("seq02_02/*.pose.txt"):
        path.unlink()
    poses = [image.cam_from_world for image in read_images(root).images]
    assert [pose is None for pose in poses] == [False] * 3 + [True] * 3


def test_each_scan_has_its_own_intrinsics(root):
    (root / "intrinsics.txt").write_text("seq02_01 60 61 31 25\nseq02_02 62 61 31 25\n")
    assert [image.camera.fx for image in read_images(root).images] == [60] * 3 + [62] * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seq02_02 60 61 31 25\n", "has no line for seq02_01"),
        ("seq02_01 60 61 31 25\nseq02_02 60 61 31\n", "line 2: has 4 fields"),
        ("seq02_01 60 61 31 25\nseq02_02 60 61 31 y\n", "line 2, field 5: 'y'"),
        ("seq02_01 60 61 31 25\nseq02_02 0 61 31 25\n", "line 2: focal lengths"),
    ],
)
def test_malformed_intrinsics_are_refused_by_line(root, text, message):
    (root / "intrinsics.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_missing_intrinsics_are_asked_for(root):
    (root / "intrinsics.txt").unlink()
    with pytest.raises(DataError, match=r"intrinsics\.txt: does not exist"):
        read_images(root)


def test_all_sequences_without_intrinsics_are_named_at_once(root):
    (root / "intrinsics.txt").write_text("seq01_02 60 61 31 25\n")
    with pytest.raises(DataError) as caught:
        read_images(root)
    reasons = [fault.reason for fault in caught.value.faults]
    assert reasons == ["has no line for seq02_01", "has no line for seq02_02"]
