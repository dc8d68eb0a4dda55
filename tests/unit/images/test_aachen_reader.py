import numpy as np
import pytest

from benchmark_writers import nvm_line, nvm_text, save_exact
from neumap.errors import DataError
from neumap.images import Split, read_images

QUERY = "query/night/nexus5x/IMG_20161227_172616.jpg"


@pytest.fixture
def root(write_layout):
    """Version 1.1, with one query by night."""
    root = write_layout("aachen")
    save_exact(root / "images_upright" / QUERY, np.zeros((48, 64, 3), np.uint8))
    path = root / "queries/night_time_queries_with_intrinsics.txt"
    path.write_text(f"{QUERY} SIMPLE_RADIAL 64 48 55.5 32 24 -0.0353019\n")
    return root


@pytest.fixture
def root_v1(root, synthetic_capture):
    """Version 1.0: an NVM file and a list of intrinsics in the place of the COLMAP model."""
    for path in (root / "3D-models/aachen_v_1_1").iterdir():
        path.unlink()
    (root / "3D-models/aachen_v_1_1").rmdir()
    poses = enumerate(synthetic_capture.world_from_cam)
    lines = [nvm_line(f"./{i:03d}.png", pose, 60, 0.08) for i, pose in poses]
    content = nvm_text(lines, half_size=(32, 24))
    (root / "3D-models/aachen_cvpr2018_db.nvm").write_text(content)
    listed = [f"{i:03d}.png SIMPLE_RADIAL 64 48 60 32 24 -0.08" for i in range(5)]
    (root / "3D-models/database_intrinsics.txt").write_text("\n".join(listed) + "\n")
    return root


def test_queries_have_intrinsics_and_no_pose(root):
    image_set = read_images(root)
    split = Split.of(image_set)
    assert split.query_names == (f"images_upright/{QUERY}",)
    assert len(split.map_names) == 6
    query = image_set.by_name()[split.query_names[0]]
    assert query.cam_from_world is None
    assert query.camera.params == (55.5, 32, 24, -0.0353019)


def test_a_query_of_two_lists_counts_once(root):
    line = (root / "queries/night_time_queries_with_intrinsics.txt").read_text()
    (root / "queries/night_time_queries_with_intrinsics_v1_1.txt").write_text(line)
    assert len(Split.of(read_images(root)).query_names) == 1
    (root / "queries/day_time_queries_with_intrinsics.txt").write_text(line.replace("55.5", "56"))
    with pytest.raises(DataError, match="has another camera than in an earlier list"):
        read_images(root)


def test_listed_intrinsics_go_before_those_of_the_nvm_file(root_v1, synthetic_capture):
    image_set = read_images(root_v1)
    cameras = [image.camera.model for image in image_set.images[:6]]
    assert cameras == ["SIMPLE_RADIAL"] * 5 + ["FULL_OPENCV"]
    truth = zip(image_set.images[:6], synthetic_capture.world_from_cam, strict=True)
    for image, world_from_cam in truth:
        gap = image.cam_from_world.matrix @ world_from_cam - np.eye(4)
        assert np.abs(gap).max() < 1e-6


def test_of_several_nvm_files_the_one_with_most_cameras_is_read(root_v1):
    lines = [nvm_line("000.png", np.eye(4), 60, 0)]
    (root_v1 / "3D-models/zzz.nvm").write_text(nvm_text(lines, half_size=(32, 24)))
    image_set = read_images(root_v1)
    assert len(image_set.images) == 7
    assert any("aachen_cvpr2018_db.nvm was read" in sentence for sentence in image_set.warnings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{QUERY} SIMPLE_RADIAL 64 48\n", "line 1: has 4 fields"),
        (f"{QUERY} SIMPLE_RADIAL 64 48 55.5 32 24\n", "line 1: 3 parameters, expected 4"),
        (f"{QUERY} SIMPLE_RADIAL 64 x 55.5 32 24 0\n", "line 1: 'x' is not a whole number"),
        (f"../{QUERY} SIMPLE_RADIAL 64 48 55.5 32 24 0\n", "is not a path inside"),
    ],
)
def test_malformed_query_lists_are_refused_by_line(root, text, message):
    (root / "queries/night_time_queries_with_intrinsics.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_a_data_set_without_a_model_is_refused(root):
    for path in (root / "3D-models/aachen_v_1_1").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="neither a COLMAP model nor an NVM file"):
        read_images(root)
