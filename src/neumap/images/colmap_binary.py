"""Binary COLMAP models: `cameras.bin` and `images.bin`, little-endian, read to the exact end."""

import mmap
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from neumap.errors import CameraError, DataError, Fault
from neumap.geometry import Camera
from neumap.geometry.camera import PARAM_NAMES
from neumap.images.colmap_model import CAMERA_MODEL_IDS, ColmapImage, ColmapModel, pose_of

_CAMERA_HEAD = "<IiQQ"
_IMAGE_HEAD = "<I7dI"
_POINT2D_BYTES = 24
_REMEDY = "Export the model anew; the file is cut or damaged."


class _Cursor:
    """A position in the bytes of one file; refuses to pass the end."""

    def __init__(self, path: Path, data: bytes | mmap.mmap) -> None:
        self.path = path
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[int | float, ...]:
        """Return the values of a struct layout and step over them."""
        return struct.unpack_from(layout, self.data, self._step(struct.calcsize(layout)))

    def skip(self, num_bytes: int) -> None:
        """Step over bytes that are not needed."""
        self._step(num_bytes)

    def text(self) -> str:
        """Return the UTF-8 text up to the next NUL."""
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise self.fault("the file ends within a name")
        raw = self.data[self.at : end]
        self.at = end + 1
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.fault("a name is not UTF-8") from error

    def count(self, bytes_each: int) -> int:
        """Return a number of records, checked against the bytes that are left."""
        (count,) = self.take("<Q")
        if count * bytes_each > len(self.data) - self.at:
            raise self.fault(f"{int(count)} records are announced, more than the file can hold")
        return int(count)

    def end(self) -> None:
        """Refuse bytes after the content."""
        if self.at != len(self.data):
            raise self.fault(f"{len(self.data) - self.at} bytes follow the content")

    def fault(self, reason: str) -> DataError:
        """Build the error for this position."""
        return DataError(f"{self.path}, byte {self.at}", reason, _REMEDY)

    def _step(self, num_bytes: int) -> int:
        start = self.at
        if num_bytes > len(self.data) - start:
            raise self.fault("the file ends too early")
        self.at += num_bytes
        return start


def read_binary_model(folder: Path) -> ColmapModel:
    """Read cameras.bin and images.bin; DataError names file, byte and reason."""
    with _cursor(folder / "cameras.bin") as cursor:
        cameras = _read_cameras(cursor)
    with _cursor(folder / "images.bin") as cursor:
        images = _read_images(cursor)
    return ColmapModel(cameras, tuple(images))


@contextmanager
def _cursor(path: Path) -> Generator[_Cursor]:
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:  # an empty file cannot be mapped
                yield _Cursor(path, b"")
            else:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    yield _Cursor(path, data)
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error})", _REMEDY) from error


def _read_cameras(cursor: _Cursor) -> dict[int, Camera]:
    cameras: dict[int, Camera] = {}
    faults: list[Fault] = []
    for _ in range(cursor.count(struct.calcsize(_CAMERA_HEAD))):
        subject = f"{cursor.path}, byte {cursor.at}"
        camera_id, model_id, width, height = (int(value) for value in cursor.take(_CAMERA_HEAD))
        model = CAMERA_MODEL_IDS.get(model_id)
        if model is None:  # its number of parameters is unknown, so nothing after it can be read
            known = ", ".join(CAMERA_MODEL_IDS.values())
            raise DataError(
                subject,
                f"camera {camera_id} has the unknown model number {model_id}",
                f"Use one of {known}.",
            )
        params = tuple(map(float, cursor.take(f"<{len(PARAM_NAMES[model])}d")))
        if camera_id in cameras:
            faults.append(Fault(subject, f"camera {camera_id} is listed twice", _REMEDY))
        try:
            cameras[camera_id] = Camera(model, width, height, params)
        except CameraError as error:
            reason = f"camera {camera_id}: {error.faults[0].reason}"
            faults.append(Fault(subject, reason, error.faults[0].remedy))
    cursor.end()
    if faults:
        raise DataError.from_faults(faults)
    return cameras


def _read_images(cursor: _Cursor) -> list[ColmapImage]:
    images: list[ColmapImage] = []
    smallest = struct.calcsize(_IMAGE_HEAD) + 1 + 8  # an empty name, no 2D points
    for _ in range(cursor.count(smallest)):
        subject = f"{cursor.path}, byte {cursor.at}"
        head = cursor.take(_IMAGE_HEAD)
        name = cursor.text()
        cursor.skip(_POINT2D_BYTES * cursor.count(_POINT2D_BYTES))
        cam_from_world = pose_of(np.array(head[1:5]), np.array(head[5:8]), subject=subject)
        images.append(ColmapImage(name, int(head[8]), cam_from_world, subject))
    cursor.end()
    return images
