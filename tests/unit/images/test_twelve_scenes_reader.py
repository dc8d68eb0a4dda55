import numpy as np
import pytest

from layout_writers import save_depth
from neumap.errors import DataError
from neumap.images import Split, load_depth, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("12scenes")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_the_first_sequence_holds_the_queries(root):
    split = Split.of(read_images(root))
    assert split.query_names == tuple(f"data/frame-00000{i}.color.jpg" for i in (0, 1))
    assert split.map_names == tuple(f"data/frame-00000{i}.color.jpg" for i in (2, 3, 4, 5))


def test_without_split_file_there_is_no_given_split(root):
    (root / "split.txt").unlink()
    assert read_images(root).given_split is None


def test_depth_has_intrinsics_of_its_own(root, synthetic_capture):
    """The data set's colour is 1296 x 968, its depth 640 x 480."""
    path = root / "info.txt"
    content = path.read_text().replace("m_depthWidth = 64", "m_depthWidth = 32")
    before, after = content.replace("m_depthHeight = 48", "m_depthHeight = 24").split(
        "m_calibrationDepthIntrinsic = "
    )
    rest = after.split("\n", 1)[1]
    k = "31 0 15.5 0 0 30 11.5 0 0 0 1 0 0 0 0 1"
    path.write_text(f"{before}m_calibrationDepthIntrinsic = {k}\n{rest}")
    for depth in root.glob("data/*.depth.png"):
        save_depth(depth, synthetic_capture.depth_m[::2, ::2], 1000)
    depth = read_images(root).images[3].depth
    assert depth.camera.params == (31, 30, 16, 12)
    np.testing.assert_allclose(
        load_depth(depth)[1:], synthetic_capture.depth_m[2::2, ::2], atol=1e-3
    )


def test_lost_frames_are_dropped_from_the_split_too(root):
    (root / "data/frame-000003.pose.txt").write_text("-INF -INF -INF -INF\n" * 3 + "0 0 0 1\n")
    image_set = read_images(root)
    assert len(image_set.images) == 5
    assert len(Split.of(image_set).map_names) == 3
    assert any("tracking lost" in sentence for sentence in image_set.warnings)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("info.txt", "m_colorWidth", "m_width", "info.txt, m_colorWidth: is missing"),
        ("info.txt", "m_colorWidth = 64", "m_colorWidth = x", "m_colorWidth: 'x' is not a whole"),
        ("info.txt", "ColorIntrinsic = 60", "ColorIntrinsic = 60 1", "has 17 numbers"),
        (
            "info.txt",
            "DepthIntrinsic = 60",
            "DepthIntrinsic = -60",
            "info.txt, camera PINHOLE: foc",
        ),
        ("split.txt", "sequence1 [", "sequence [", "split.txt, line 2: is no sequence"),
        ("split.txt", "end=5", "end=6", "line 2: counts 4 frames but spans 2 to 6"),
        ("data/frame-000002.pose.txt", "\n", " 1\n", "frame-000002.pose.txt, line 1: has 5"),
    ],
)
def test_malformed_files_are_refused_by_place(root, name, old, new, message):
    edit(root / name, old, new)
    with pytest.raises(DataError, match=message):
        read_images(root)
