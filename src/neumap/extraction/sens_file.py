"""`.sens` files of ScanNet (version 4): a header, then frames of pose, colour and depth.

Written from the data set's own reader (SensReader/python/SensorData.py of its repository). Numbers
are little-endian; what follows the frames (inertial measurements) is not read.
"""

import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_CUR, SEEK_END
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, UInt16

from neumap.errors import DataError

VERSION = 4
COLOR_SUFFIXES = {1: ".png", 2: ".jpg"}
"""Numbers of the colour compressions that are read; -1 is unknown, 0 raw."""
RAW_DEPTH, DEFLATED_DEPTH = 0, 1
"""Numbers of the depth compressions that are read; -1 is unknown, 2 that of another library."""
MAX_SIDE_PX = 8192
_REMEDY = "Download the file anew."
_FRAME_TAIL = struct.Struct("<4Q")
"""Time stamps of colour and depth, sizes of colour and depth in bytes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SensHeader:
    """What holds for all frames."""

    matrices: dict[str, Float32[np.ndarray, "4 4"]]
    """intrinsic_color, extrinsic_color, intrinsic_depth, extrinsic_depth; intrinsics count pixel
    centres from 0."""
    color_suffix: str
    is_depth_deflated: bool
    depth_size: tuple[int, int]
    """Width and height."""
    depth_units_per_metre: float
    num_frames: int


@dataclass(frozen=True, kw_only=True, eq=False)
class SensFrame:
    """One frame; colour is as stored."""

    number: int
    world_from_cam: Float32[np.ndarray, "4 4"]
    """Holds -inf where tracking was lost."""
    color: bytes
    depth: UInt16[np.ndarray, "height width"]


@dataclass(frozen=True, eq=False)
class SensFile:
    """An open file, its header read."""

    header: SensHeader
    _source: "_Source"

    def frames(self, *, every: int) -> Iterator[SensFrame]:
        """Yield every n-th frame, once.

        Raises DataError that names the frame where the file is cut or a picture is damaged.
        """
        for number in range(self.header.num_frames):
            subject = f"{self._source.path}, frame {number}"
            pose = _matrix(self._source.take(64, subject))
            tail = _FRAME_TAIL.unpack(self._source.take(_FRAME_TAIL.size, subject))
            num_color, num_depth = tail[2:]
            if number % every:
                self._source.skip(num_color + num_depth, subject)
                continue
            color = self._source.take(num_color, subject)
            if not color:
                raise DataError(subject, "holds no colour picture", _REMEDY)
            stored = self._source.take(num_depth, subject)
            depth = _depth_of(stored, self.header, f"{subject}, depth")
            yield SensFrame(number=number, world_from_cam=pose, color=color, depth=depth)


@contextmanager
def open_sens(path: Path) -> Generator[SensFile]:
    """Open a file and read its header.

    Raises DataError on a file that cannot be opened, is of another version, is cut in the header,
    or stores pictures in a way that is not read.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        reason = f"cannot be opened ({error.strerror or error})"
        raise DataError(str(path), reason, "Check the name.") from error
    with stream:
        num_bytes = stream.seek(0, SEEK_END)
        stream.seek(0)
        source = _Source(path, stream, num_bytes)
        yield SensFile(_read_header(source), source)


@dataclass(frozen=True, eq=False)
class _Source:
    path: Path
    stream: BinaryIO
    num_bytes: int

    def take(self, size: int, subject: str) -> bytes:
        """Return the next bytes; sizes stand in the file, so none is believed before this."""
        self._require(size, subject)
        return self.stream.read(size)

    def skip(self, size: int, subject: str) -> None:
        self._require(size, subject)
        self.stream.seek(size, SEEK_CUR)

    def _require(self, size: int, subject: str) -> None:
        left = self.num_bytes - self.stream.tell()
        if size > left:
            reason = f"needs {size} more bytes, {left} are left: the file is cut or damaged"
            raise DataError(subject, reason, _REMEDY)


def _matrix(data: bytes) -> Float32[np.ndarray, "4 4"]:
    return np.frombuffer(data, dtype="<f4").astype(np.float32).reshape(4, 4)


def _read_header(source: _Source) -> SensHeader:
    subject = f"{source.path}, header"
    (version,) = struct.unpack("<I", source.take(4, subject))
    if version != VERSION:
        reason = f"states version {version}, {VERSION} is read"
        raise DataError(subject, reason, "Supply a .sens file of ScanNet.")
    (num_name,) = struct.unpack("<Q", source.take(8, subject))
    source.skip(num_name, subject)
    names = ("intrinsic_color", "extrinsic_color", "intrinsic_depth", "extrinsic_depth")
    matrices = {name: _matrix(source.take(64, subject)) for name in names}
    color, depth = struct.unpack("<2i", source.take(8, subject))
    if color not in COLOR_SUFFIXES or depth not in (RAW_DEPTH, DEFLATED_DEPTH):
        reason = f"states the compressions {color} (colour) and {depth} (depth), which are not read"
        raise DataError(subject, reason, "Use the data set's own SensReader.")
    sizes = struct.unpack("<4I", source.take(16, subject))
    if not all(0 < side <= MAX_SIDE_PX for side in sizes):
        raise DataError(subject, f"states pictures of {sizes} pixels", _REMEDY)
    (units,) = struct.unpack("<f", source.take(4, subject))
    if not (np.isfinite(units) and units > 0):
        raise DataError(subject, f"states {units} units of depth in a metre", _REMEDY)
    (num_frames,) = struct.unpack("<Q", source.take(8, subject))
    return SensHeader(
        matrices=matrices,
        color_suffix=COLOR_SUFFIXES[color],
        is_depth_deflated=depth == DEFLATED_DEPTH,
        depth_size=(sizes[2], sizes[3]),
        depth_units_per_metre=units,
        num_frames=num_frames,
    )


def _depth_of(
    stored: bytes, header: SensHeader, subject: str
) -> UInt16[np.ndarray, "height width"]:
    width, height = header.depth_size
    expected = 2 * width * height
    if header.is_depth_deflated:
        try:  # one byte more than is right is enough to tell
            stored = zlib.decompressobj().decompress(stored, expected + 1)
        except zlib.error as error:
            raise DataError(subject, f"is damaged ({error})", _REMEDY) from error
    if len(stored) != expected:
        reason = f"has {len(stored)} bytes, expected {expected} for {width} x {height} pixels"
        raise DataError(subject, reason, _REMEDY)
    return np.frombuffer(stored, dtype="<u2").astype(np.uint16).reshape(height, width)
