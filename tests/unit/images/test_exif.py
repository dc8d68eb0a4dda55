from math import hypot

import pytest
from PIL import Image

from neumap.errors import PhotoError
from neumap.images import camera_from_exif, orientation_warning


def _photo(path, *, focal_35mm=None, orientation=None):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    if focal_35mm is not None:
        exif.get_ifd(0x8769)[0xA405] = focal_35mm
    Image.new("RGB", (400, 300)).save(path, exif=exif)
    return path


def test_focal_length_follows_the_diagonal_of_full_frame(tmp_path):
    camera = camera_from_exif(_photo(tmp_path / "a.jpg", focal_35mm=28))
    assert camera is not None
    assert camera.model == "SIMPLE_PINHOLE"
    assert camera.params == pytest.approx((28 * 500 / hypot(36, 24), 200, 150))


@pytest.mark.parametrize("focal_35mm", [None, 0, 60000])
def test_no_or_absurd_focal_length_gives_none(tmp_path, focal_35mm):
    assert camera_from_exif(_photo(tmp_path / "a.jpg", focal_35mm=focal_35mm)) is None


def test_orientation_is_reported_and_not_applied(tmp_path):
    path = _photo(tmp_path / "a.jpg", focal_35mm=28, orientation=6)
    camera = camera_from_exif(path)
    assert camera is not None
    assert (camera.width, camera.height) == (400, 300)
    assert "orientation 6" in str(orientation_warning(path))


@pytest.mark.parametrize("orientation", [None, 1])
def test_upright_photos_give_no_warning(tmp_path, orientation):
    assert orientation_warning(_photo(tmp_path / "a.jpg", orientation=orientation)) is None


def test_a_broken_exif_block_counts_as_none(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (40, 30)).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert camera_from_exif(path) is None
    assert orientation_warning(path) is None


def test_what_is_no_photo_raises(tmp_path):
    (tmp_path / "a.jpg").write_text("no")
    with pytest.raises(PhotoError):
        camera_from_exif(tmp_path / "a.jpg")
