"""Photos as stored: bounded decoding to 8-bit RGB, and sizes from the header alone.

EXIF orientation never rotates pixels. One conversion for every mode (see `_to_rgb`).
"""

import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from neumap.errors import PhotoError
from neumap.images.posed_image import DepthSource

MAX_PIXELS = 50_000_000
"""Largest photo that is decoded (150 MB as RGB)."""
MAX_BYTES = 64 * 2**20
"""Largest photo file that is opened."""
PHOTO_FORMATS = ("JPEG", "PNG")

DECODE_ERRORS = (
    *(OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, EOFError, OverflowError),
    *(struct.error, zlib.error, ZeroDivisionError, NotImplementedError),
    Image.DecompressionBombError,
)
"""What Pillow raises on damaged files, seen by feeding it mutated ones."""

_REMEDY = "Replace the file by a whole JPEG or PNG photo, or remove it from the set."


@contextmanager
def quiet_pillow() -> Generator[None]:
    """Silence Pillow's warnings on broken EXIF and large pictures: we check or ignore those.

    The filter names Pillow alone, because a race of two threads may leave it in place.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def open_photo(path: Path, formats: tuple[str, ...] = PHOTO_FORMATS) -> Image.Image:
    """Open a photo's header (no pixels yet) after checking type, bytes and pixel count.

    The type is told by the first bytes of the file, not by its name. Raises PhotoError.
    """
    num_bytes = 0
    try:
        num_bytes = path.stat().st_size
        if num_bytes > MAX_BYTES:
            raise PhotoError(
                str(path),
                f"has {num_bytes} bytes, at most {MAX_BYTES} are read",
                "Store a smaller photo.",
            )
        with quiet_pillow():
            image = Image.open(path, formats=formats)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise PhotoError(str(path), reason, "Check the name and the access rights.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except DECODE_ERRORS as error:
        kinds = " or ".join(formats)
        raise PhotoError(
            str(path), f"is not a {kinds} photo ({num_bytes} bytes)", _REMEDY
        ) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise _too_large(path)
    return image


def _too_large(path: Path) -> PhotoError:
    reason = f"has more than {MAX_PIXELS // 1_000_000} million pixels"
    return PhotoError(str(path), reason, "Store a smaller photo.")


def photo_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of the stored pixels from the header; PhotoError if unreadable."""
    with open_photo(path) as image:
        return image.size


def load_photo(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Decode a JPEG or PNG to 8-bit RGB, pixels in stored order.

    Raises PhotoError on a file that is missing, cut, too large or not a photo.
    """
    with open_photo(path) as image, quiet_pillow():
        try:
            return _to_rgb(image)
        except DECODE_ERRORS as error:
            reason = f"is damaged or cut ({error})"
            raise PhotoError(str(path), reason, _REMEDY) from error


def _to_rgb(image: Image.Image) -> UInt8[np.ndarray, "height width 3"]:
    """Convert 16 bits by >> 8, drop alpha (not blended); palette and CMYK by Pillow."""
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion clips at 255
        grey = (np.asarray(image).astype(np.int64) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode == "PA":
        image = image.convert("RGBA")
    return np.array(image.convert("RGB"), dtype=np.uint8)


def load_depth(source: DepthSource) -> Float32[np.ndarray, "height width"]:
    """Decode a 16-bit PNG of depths (z) to metres; NaN where there is none.

    Raises PhotoError if the file is unreadable, not 16-bit grey or of another size than its
    camera.
    """
    with open_photo(source.path, formats=("PNG",)) as image:
        expected = (source.camera.width, source.camera.height)
        if image.size != expected:
            raise PhotoError(
                str(source.path),
                f"has size {image.size}, its camera {expected}",
                "Store depth of the size that its camera states.",
            )
        if not image.mode.startswith("I"):
            raise PhotoError(
                str(source.path),
                f"is no depth picture (mode {image.mode}, expected 16-bit grey)",
                "Store depth as a 16-bit grey PNG.",
            )
        try:
            stored = np.asarray(image).astype(np.int64)
        except DECODE_ERRORS as error:
            raise PhotoError(
                str(source.path), f"is damaged or cut ({error})", "Store the depth picture anew."
            ) from error
    depth_m = (stored / source.units_per_metre).astype(np.float32)
    depth_m[np.isin(stored, source.invalid_values)] = np.nan
    return depth_m
