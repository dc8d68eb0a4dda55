import struct
from dataclasses import replace

import numpy as np
import pytest

from layout_writers import make_capture
from neumap.errors import DataError
from neumap.extraction.sens_extraction import extract_sens
from neumap.images import load_depth, load_photo, read_images
from sens_writer import sens_frame, sens_header, write_sens

CAPTURE = make_capture()


def extract(path, folder, *, every=1):
    folder.mkdir(exist_ok=True)
    return extract_sens(path, folder, every=every, progress=lambda done, total: None)


@pytest.fixture
def sens(tmp_path):
    path = tmp_path / "scene0000_00.sens"
    write_sens(path, CAPTURE)
    return path


@pytest.mark.parametrize("changes", [{}, {"color": 1}, {"depth": 0}])
def test_the_extracted_folder_is_read_as_exported_frames_of_scannet(changes, tmp_path):
    write_sens(tmp_path / "a.sens", CAPTURE, **changes)
    assert extract(tmp_path / "a.sens", tmp_path / "out") == 6
    image_set = read_images(tmp_path / "out")
    assert (image_set.layout, image_set.units, len(image_set.images)) == ("scannet", "metre", 6)
    for index, image in enumerate(image_set.images):
        np.testing.assert_array_equal(load_photo(image.path), CAPTURE.photos[index])
        # poses are 32-bit in the file
        gap = image.cam_from_world.inverse().matrix - CAPTURE.world_from_cam[index]
        assert np.abs(gap).max() < 1e-6
        np.testing.assert_allclose(image.camera.params, (60, 61, 31, 25), atol=1e-5)
        depth_m = load_depth(image.depth)
        assert np.isnan(depth_m[0, 0])
        np.testing.assert_allclose(depth_m[1:], CAPTURE.depth_m[1:], atol=1e-6)


def test_every_second_frame_keeps_its_number(sens, tmp_path):
    assert extract(sens, tmp_path / "out", every=2) == 3
    assert {path.name for path in (tmp_path / "out/pose").iterdir()} == {"0.txt", "2.txt", "4.txt"}


def test_lost_frames_are_dropped_by_the_reader_as_in_an_export(tmp_path):
    poses = [*CAPTURE.world_from_cam[:5], np.full((4, 4), -np.inf)]
    write_sens(tmp_path / "a.sens", replace(CAPTURE, world_from_cam=tuple(poses)))
    extract(tmp_path / "a.sens", tmp_path / "out")
    assert len(read_images(tmp_path / "out").images) == 5


def test_a_cut_at_any_place_is_named_by_header_or_frame(sens, tmp_path):
    content = sens.read_bytes()
    subjects = set()
    for length in range(0, len(content) - 8, 997):
        sens.write_bytes(content[:length])
        with pytest.raises(DataError, match="the file is cut or damaged") as caught:
            extract(sens, tmp_path / f"out{length}")
        subjects.add(caught.value.faults[0].subject.split(", ")[1])
    assert subjects == {"header", *(f"frame {index}" for index in range(6))}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 5}, "header: states version 5, 4 is read"),
        ({"color": 0}, "states the compressions 0 .colour. and 1 .depth."),
        ({"depth": 2}, "states the compressions 2 .colour. and 2 .depth."),
        ({"width": 0}, "header: states pictures of"),
        ({"width": 63}, "frame 0, depth: has 6049 bytes, expected 6048 for 63 x 48"),
        ({"width": 65}, "frame 0, depth: has 6144 bytes, expected 6240 for 65 x 48"),
        ({"units": 5000.0}, "header: states 5000 units of depth in a metre"),
        ({"units": float("nan")}, "header: states nan units"),
    ],
)
def test_headers_that_are_not_read_are_refused(changes, message, tmp_path):
    write_sens(tmp_path / "a.sens", CAPTURE, **changes)
    with pytest.raises(DataError, match=message):
        extract(tmp_path / "a.sens", tmp_path / "out")


def test_damaged_depth_is_named_by_frame(tmp_path):
    frame = sens_frame(0, CAPTURE.photos[0], np.eye(4), b"no deflated stream")
    (tmp_path / "a.sens").write_bytes(sens_header(1) + frame)
    with pytest.raises(DataError, match=r"a\.sens, frame 0, depth: is damaged"):
        extract(tmp_path / "a.sens", tmp_path / "out")


def test_a_size_beyond_the_file_is_not_believed(sens, tmp_path):
    content = bytearray(sens.read_bytes())
    content[4:12] = struct.pack("<Q", 2**63)  # length of the sensor's name
    sens.write_bytes(content)
    with pytest.raises(DataError, match=r"header: needs \d+ more bytes"):
        extract(sens, tmp_path / "out")


def test_a_recording_without_frames_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "a.sens").write_bytes(sens_header(0))
    with pytest.raises(DataError, match="holds no frame"):
        extract(tmp_path / "a.sens", tmp_path / "out")
    with pytest.raises(DataError, match="cannot be opened"):
        extract(tmp_path / "none.sens", tmp_path / "other")
