"""What a photo's EXIF block says of its camera; orientation is reported, never applied."""

from math import hypot, isfinite
from pathlib import Path

from PIL import Image

from neumap.errors import CameraError
from neumap.geometry import Camera
from neumap.images.photo import DECODE_ERRORS, open_photo, quiet_pillow

_EXIF_IFD = 0x8769
_FOCAL_35MM = 0xA405
_ORIENTATION = 0x0112
_FULL_FRAME_DIAGONAL_MM = hypot(36, 24)


def camera_from_exif(path: Path) -> Camera | None:
    """Return a camera from the 35 mm equivalent focal length, or None where EXIF has none.

    focal_px = f35 * hypot(width, height) / hypot(36, 24): the equivalence is by diagonal. The
    principal point is the centre and there is no distortion. Raises PhotoError if unreadable.
    """
    with open_photo(path) as image:
        width, height = image.size
        focal_35mm = _number(_read_tags(image, _EXIF_IFD).get(_FOCAL_35MM))
    if focal_35mm is None or focal_35mm <= 0:
        return None
    focal_px = focal_35mm * hypot(width, height) / _FULL_FRAME_DIAGONAL_MM
    try:
        return Camera("SIMPLE_PINHOLE", width, height, (focal_px, width / 2, height / 2))
    except CameraError:  # an absurd tag says as little as a missing one
        return None


def orientation_warning(path: Path) -> str | None:
    """Return a sentence for the user if EXIF asks for a rotation, which is not applied."""
    with open_photo(path) as image:
        value = _read_tags(image, None).get(_ORIENTATION)
    if value is None or value == 1:
        return None
    return (
        f"{path.name} has EXIF orientation {value}: it is ignored, pixels and camera are used as "
        "stored."
    )


def _read_tags(image: Image.Image, ifd: int | None) -> dict[int, object]:
    """Return the tags of one EXIF directory, empty where the block is missing or broken."""
    try:
        with quiet_pillow():
            exif = image.getexif()
            return dict(exif if ifd is None else exif.get_ifd(ifd))
    except DECODE_ERRORS:
        return {}


def _number(value: object) -> float | None:
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]  EXIF values have many types
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if isfinite(number) else None
