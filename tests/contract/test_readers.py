"""What every reader promises, whatever the layout."""

import re
from pathlib import Path

import numpy as np
import pytest

import layout_writers
from benchmark_writers import BENCHMARK_WRITERS
from neumap.errors import DataError, NeumapError
from neumap.images import (
    LAYOUTS,
    ImageSet,
    load_depth,
    load_photo,
    photo_size,
    read_images,
)

CAPTURE = layout_writers.make_capture()
OWN_SUFFIXES = (
    *(".txt", ".json", ".bin", ".nvm", ".csv", ".yaml"),
    *(".pkl", ".traj", ".pincam"),
)
"""Of the files that hold cameras, poses and splits."""
WRITERS = {**layout_writers.WRITERS, **BENCHMARK_WRITERS}


@pytest.fixture(params=list(WRITERS))
def written(request: pytest.FixtureRequest, tmp_path: Path):
    writer = WRITERS[request.param]
    writer.write(tmp_path, CAPTURE)
    return writer, tmp_path


@pytest.fixture
def image_set(written) -> ImageSet:
    return read_images(written[1])


def test_layout_is_detected_and_stated(written, image_set):
    assert image_set.layout == written[0].layout
    assert image_set.units == written[0].units
    assert "axes" in image_set.convention


def test_poses_are_those_of_the_capture_within_1e_6(image_set):
    assert len(image_set.images) == len(CAPTURE.world_from_cam)
    for image, world_from_cam in zip(image_set.images, CAPTURE.world_from_cam, strict=True):
        difference = image.cam_from_world.matrix @ world_from_cam - np.eye(4)
        assert np.abs(difference).max() < 1e-6


def test_every_layout_has_a_writer():
    assert {writer.layout for writer in WRITERS.values()} == set(LAYOUTS)


def test_camera_is_that_of_the_capture_in_corner_origin_pixels(written, image_set):
    model, params = written[0].camera
    for image in image_set.images:
        camera = image.camera
        assert (camera.model, camera.width, camera.height) == (model, 64, 48)
        np.testing.assert_allclose(camera.params, params, atol=1e-9)


def test_photos_are_the_stored_pixels_in_the_order_of_names(image_set):
    assert [image.name for image in image_set.images] == sorted(image_set.by_name())
    for image, photo in zip(image_set.images, CAPTURE.photos, strict=True):
        np.testing.assert_array_equal(load_photo(image.path), photo)


def test_names_are_paths_below_the_root(image_set):
    for image in image_set.images:
        assert image.path == image_set.root / image.name


def test_depth_is_read_in_metres_where_the_layout_has_it(written, image_set):
    has_depth = written[0].depth_units_per_metre is not None
    assert all((image.depth is not None) == has_depth for image in image_set.images)
    for image in image_set.images:
        if image.depth is not None:
            depth_m = load_depth(image.depth)
            assert np.isnan(depth_m[0, 0])
            np.testing.assert_allclose(depth_m[1:], CAPTURE.depth_m[1:], atol=2e-4)


def test_reading_writes_nothing(written):
    root = written[1]
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    read_images(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_missing_photo_is_left_out_with_a_warning(written, image_set):
    image_set.images[2].path.unlink()
    again = read_images(written[1])
    kept = [image.name for image in image_set.images if image is not image_set.images[2]]
    assert [image.name for image in again.images] == kept
    assert any("missing" in sentence or "no photo" in sentence for sentence in again.warnings)


def test_no_photo_at_all_is_an_error(written, image_set):
    for image in image_set.images:
        image.path.unlink()
    with pytest.raises(DataError):
        read_images(written[1])


def test_all_bad_photos_are_named_at_once(written, image_set):
    for index in (1, 3):
        image_set.images[index].path.write_bytes(b"this is not a photo")
    with pytest.raises(DataError) as caught:
        read_images(written[1])
    subjects = " ".join(fault.subject for fault in caught.value.faults)
    assert image_set.images[1].path.name in subjects
    assert image_set.images[3].path.name in subjects


def test_a_rotated_photo_is_refused_with_the_question(written, image_set):
    path = image_set.images[1].path
    layout_writers.save_photo(path, np.zeros((64, 48, 3), np.uint8))
    with pytest.raises(DataError, match="rotated by 90 degrees"):
        read_images(written[1])


def test_a_photo_of_half_the_size_scales_its_camera_and_says_so(written, image_set):
    path = image_set.images[1].path
    layout_writers.save_photo(path, np.zeros((24, 32, 3), np.uint8))
    again = read_images(written[1])
    params = np.array(written[0].camera[1])
    np.testing.assert_allclose(again.images[1].camera.params, params / 2)
    assert any("scaled" in sentence for sentence in again.warnings)


def one_of_each_kind(root: Path) -> list[Path]:
    """The files of cameras and poses, one of those whose names differ in digits only."""
    files = sorted(path for path in root.rglob("*") if path.suffix in OWN_SUFFIXES)
    kinds = {re.sub(r"\d", "", path.relative_to(root).as_posix()): path for path in files}
    return list(kinds.values())


def test_every_cut_of_the_layouts_own_files_is_typed_or_harmless(written, image_set):
    """A cut text file may still be whole in content; it never gives another pose or camera."""
    root = written[1]
    by_name = image_set.by_name()
    for path in one_of_each_kind(root):
        content = path.read_bytes()
        for length in range(0, len(content), max(1, len(content) // 12)):
            path.write_bytes(content[:length])
            try:
                again = read_images(root)
            except NeumapError:
                continue
            is_warned = any("may have been cut" in sentence for sentence in again.warnings)
            for image in again.images:
                pose_gap = image.cam_from_world.matrix - by_name[image.name].cam_from_world.matrix
                same = np.abs(pose_gap).max() < 1e-6 and image.camera == by_name[image.name].camera
                assert same or is_warned
        path.write_bytes(content)


TOKENS = (
    b"nan",
    b"-inf",
    b"1e308",
    b"-1",
    b"x",
    b"",
    b"../../x",
    b"\0",
    b"\xff",
    b",",
    b"[",
    b"null",
)


def is_usable(image_set: ImageSet) -> bool:
    """What later stages count on: whole poses, photos inside the folder, cameras of their size."""
    names = [image.name for image in image_set.images]
    return names == sorted(set(names)) and all(
        (image.cam_from_world is None or image.cam_from_world.defect() is None)
        and image.path.resolve().is_relative_to(image_set.root.resolve())
        and photo_size(image.path) == (image.camera.width, image.camera.height)
        for image in image_set.images
    )


def test_an_edit_of_the_layouts_own_files_is_a_typed_error_or_leaves_a_usable_set(written):
    """One word of one file is replaced, or one line left out or doubled."""
    rng = np.random.default_rng(3)
    root = written[1]
    files = one_of_each_kind(root)
    faults = []
    for _ in range(20):
        path = files[rng.integers(len(files))]
        content = path.read_bytes()
        separator = (b" ", b"\n")[rng.integers(2)]
        parts = content.split(separator)
        at = rng.integers(len(parts))
        if separator == b" ":
            parts[at] = TOKENS[rng.integers(len(TOKENS))]
        else:
            parts[at : at + 1] = [parts[at]] * (2 * rng.integers(2))
        path.write_bytes(separator.join(parts))
        try:
            assert is_usable(read_images(root))
        except NeumapError as error:
            faults.extend(error.faults)
        path.write_bytes(content)
    assert faults
    assert all(fault.subject and fault.reason and fault.remedy for fault in faults)


LISTED_POSES = {
    "tum": "groundtruth.txt",
    "colmap_text": "sparse/images.txt",
    "nvm": "model.nvm",
    "cambridge": "dataset_test.txt",
    "pseudo-truth": "chess_test.txt",
    "kapture": "mapping/sensors/trajectories.txt",
    "euroc": "mav0/state_groundtruth_estimate0/data.csv",
    "arkitscenes": "lowres_wide.traj",
    "aachen": "3D-models/aachen_v_1_1/images.txt",
}
"""A file with a line for each pose, of the layouts that have one."""


@pytest.mark.parametrize("name", list(LISTED_POSES))
@pytest.mark.parametrize("word", ["nan", "x"])
def test_a_bad_number_of_a_listed_pose_is_named_by_file_and_line(name, word, tmp_path):
    WRITERS[name].write(tmp_path, CAPTURE)
    path = tmp_path / LISTED_POSES[name]
    lines = path.read_text().splitlines(keepends=True)
    decimals = [(at, list(re.finditer(r"-?\d+\.\d{6,}", line))) for at, line in enumerate(lines)]
    at, found = next((at, found) for at, found in decimals if len(found) > 3)
    number = found[3]
    lines[at] = lines[at][: number.start()] + word + lines[at][number.end() :]
    path.write_text("".join(lines))
    with pytest.raises(DataError) as caught:
        read_images(tmp_path)
    assert any(fault.subject.startswith(f"{path}, line {at + 1}") for fault in caught.value.faults)


POSE_FILES = {
    "7scenes": "seq-01/frame-000002.pose.txt",
    "12scenes": "data/frame-000002.pose.txt",
    "rio10": "seq02_01/frame-000002.pose.txt",
    "scannet": "pose/2.txt",
    "indoor6": "images/image-000002.pose.txt",
    "dsacstar": "train/poses/frame-000002.pose.txt",
}
"""A file with one pose, of the layouts that have one for each frame."""


@pytest.mark.parametrize("name", list(POSE_FILES))
def test_a_short_row_of_a_pose_file_is_named_by_file_and_line(name, tmp_path):
    WRITERS[name].write(tmp_path, CAPTURE)
    path = tmp_path / POSE_FILES[name]
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0], rows[1].rsplit(maxsplit=1)[0], *rows[2:]]) + "\n")
    with pytest.raises(DataError) as caught:
        read_images(tmp_path)
    (fault,) = caught.value.faults
    assert fault.subject == f"{path}, line 2"
    assert fault.reason == "has 3 numbers, expected 4"


@pytest.mark.parametrize("name", ["indoor6", "dsacstar"])
def test_a_pose_that_is_not_finite_is_named_by_its_file(name, tmp_path):
    WRITERS[name].write(tmp_path, CAPTURE)
    path = tmp_path / POSE_FILES[name]
    path.write_text(re.sub(r"\S+", "nan", path.read_text(), count=1))
    with pytest.raises(DataError) as caught:
        read_images(tmp_path)
    assert [fault.subject for fault in caught.value.faults] == [str(path)]


LISTS = {
    "tum": ("rgb.txt", "groundtruth.txt"),
    "colmap_text": ("sparse/images.txt",),
    "7scenes": ("TrainSplit.txt", "TestSplit.txt"),
    "12scenes": ("split.txt",),
    "euroc": ("mav0/cam0/data.csv", "mav0/state_groundtruth_estimate0/data.csv"),
    "arkitscenes": ("lowres_wide.traj",),
    "cambridge": ("dataset_train.txt", "dataset_test.txt", "reconstruction.nvm"),
}
"""Files that a data set cannot do without an entry of."""


@pytest.mark.parametrize(("name", "file"), [(name, f) for name in LISTS for f in LISTS[name]])
def test_a_list_without_entries_is_named(name, file, tmp_path):
    WRITERS[name].write(tmp_path, CAPTURE)
    (tmp_path / file).write_text("")
    with pytest.raises(DataError) as caught:
        read_images(tmp_path)
    assert {fault.subject for fault in caught.value.faults} == {str(tmp_path / file)}
