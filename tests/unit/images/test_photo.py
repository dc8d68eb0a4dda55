import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.errors import PhotoError
from neumap.geometry import Camera
from neumap.images import DepthSource, load_depth, load_photo, photo_size


def _picture(width: int = 40, height: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def _encode(**options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_picture()).save(buffer, **options)
    return buffer.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def _save(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


def test_png_pixels_come_back_as_stored(tmp_path):
    path = _save(Image.fromarray(_picture()), tmp_path / "a.png")
    np.testing.assert_array_equal(load_photo(path), _picture())
    assert photo_size(path) == (40, 30)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8, 0, 9])
def test_exif_orientation_never_rotates(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(_picture()).save(path, exif=exif)
    assert load_photo(path).shape == (30, 40, 3)
    assert photo_size(path) == (40, 30)


GREY16 = np.array([[0, 255, 256, 65535]], np.uint16)
GOLDEN = {
    "16-bit grey is shifted by 8": (Image.fromarray(GREY16), [0, 0, 1, 255]),
    "8-bit grey is repeated": (Image.fromarray(np.array([[7, 200]], np.uint8)), [7, 200]),
    "1-bit becomes 0 and 255": (Image.fromarray(np.array([[False, True]])), [0, 255]),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_grey_modes_give_golden_pixels(tmp_path, name):
    image, grey = GOLDEN[name]
    pixels = load_photo(_save(image, tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels[0], np.repeat(np.array(grey)[:, None], 3, axis=1))


def test_alpha_is_dropped_not_blended(tmp_path):
    rgba = np.dstack([_picture(), np.zeros((30, 40), np.uint8)])
    pixels = load_photo(_save(Image.fromarray(rgba), tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, _picture())
    la = np.array([[[9, 0], [77, 128]]], np.uint8)
    pixels = load_photo(_save(Image.fromarray(la, "LA"), tmp_path / "b.png"))
    np.testing.assert_array_equal(pixels, [[[9, 9, 9], [77, 77, 77]]])


def test_palette_gives_its_colours_with_and_without_transparency(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    expected = [[[10, 20, 30], [40, 50, 60]]]
    np.testing.assert_array_equal(load_photo(_save(image, tmp_path / "a.png")), expected)
    image.save(tmp_path / "b.png", transparency=b"\x00\x80")
    np.testing.assert_array_equal(load_photo(tmp_path / "b.png"), expected)


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixels = load_photo(_save(image, tmp_path / "a.jpg"))
    assert pixels.shape == (8, 8, 3)
    assert np.abs(pixels[0, 0].astype(int) - [255, 0, 0]).max() <= 4  # JPEG rounding


@pytest.mark.parametrize(
    "options",
    [{"format": "JPEG"}, {"format": "JPEG", "progressive": True}, {"format": "PNG"}],
    ids=["jpeg", "progressive", "png"],
)
def test_a_cut_photo_is_refused_or_whole(tmp_path, options):
    content, path = _encode(**options), tmp_path / "a.jpg"
    path.write_bytes(content)
    whole = load_photo(path)
    lengths = range(0, len(content), 23)
    refused = []
    for length in lengths:
        path.write_bytes(content[:length])
        try:
            np.testing.assert_array_equal(load_photo(path), whole)
        except PhotoError as error:
            refused.append(error.faults[0].subject)
    assert len(refused) >= len(lengths) - 1
    assert set(refused) == {str(path)}


def test_flipped_bytes_never_escape_the_typed_error(tmp_path):
    rng = np.random.default_rng(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.bin"
    reasons = set()
    for content in (_encode(format="JPEG", exif=exif), _encode(format="PNG", exif=exif)):
        for _ in range(150):
            damaged = bytearray(content)
            damaged[rng.integers(0, min(len(damaged), 400))] = rng.integers(0, 256)
            path.write_bytes(damaged)
            try:
                assert load_photo(path).ndim == 3
            except PhotoError as error:
                reasons.add(error.faults[0].reason)
    assert len(reasons) > 1


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_what_is_no_jpeg_or_png_is_refused_whatever_its_name(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match="is not a JPEG or PNG photo"):
        load_photo(path)


@pytest.mark.parametrize("size", [(8000, 8000), (13000, 13000), (40000, 40000)])
def test_a_giant_picture_is_refused_from_its_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(*size))
    with pytest.raises(PhotoError, match="more than 50 million pixels"):
        photo_size(path)


def test_a_giant_file_is_refused_before_it_is_opened(tmp_path):
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(65 * 2**20)  # sparse
    with pytest.raises(PhotoError, match="bytes"):
        load_photo(path)


def test_a_missing_photo_and_a_folder_are_typed_errors(tmp_path):
    with pytest.raises(PhotoError, match="no such file"):
        load_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoError, match=str(tmp_path)):
        load_photo(tmp_path)


def _depth_source(path: Path, width: int = 4, height: int = 1) -> DepthSource:
    camera = Camera.pinhole(width, height, fx=4.0, fy=4.0, cx=2.0, cy=0.5)
    return DepthSource(path, camera, units_per_metre=1000.0)


def test_depth_is_in_metres_with_nan_where_invalid(tmp_path):
    stored = np.array([[0, 65535, 1500, 65534]], np.uint16)
    path = _save(Image.fromarray(stored), tmp_path / "d.png")
    depth_m = load_depth(_depth_source(path))
    np.testing.assert_allclose(depth_m, [[np.nan, np.nan, 1.5, 65.534]], rtol=1e-6)


def test_depth_of_another_size_or_type_is_refused(tmp_path):
    path = _save(Image.fromarray(np.ones((1, 4), np.uint16)), tmp_path / "d.png")
    with pytest.raises(PhotoError, match="its camera"):
        load_depth(_depth_source(path, 2, 1))
    path = _save(Image.fromarray(np.ones((1, 4), np.uint8)), tmp_path / "e.png")
    with pytest.raises(PhotoError, match="no depth picture"):
        load_depth(_depth_source(path))


def test_cut_depth_is_refused(tmp_path):
    values = np.random.default_rng(0).integers(0, 9999, (30, 40)).astype(np.uint16)
    path = _save(Image.fromarray(values), tmp_path / "d.png")
    path.write_bytes(path.read_bytes()[:800])
    source = DepthSource(path, Camera.pinhole(40, 30, fx=40.0, fy=40.0, cx=20.0, cy=15.0), 1000.0)
    with pytest.raises(PhotoError, match="damaged or cut"):
        load_depth(source)
