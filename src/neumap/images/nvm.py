"""VisualSFM's N-view match files (`NVM_V3`), parsed: cameras, poses, how far key-points reach.

A camera is `file f qw qx qy qz cx cy cz r 0`: a rotation from world to camera, the camera's centre
in the world, and a distortion r of the measurement m (normalised, from the image centre):
`m (1 + r |m|^2)` is the undistorted point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError, Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.colmap_model import pose_at
from neumap.images.input_text import Row, parse_int, read_text

_HEADER = "NVM_V3"
_REMEDY = "Save the model anew in VisualSFM; the file is cut or damaged."
MAX_DISTORTION = 1.0
"""Largest distortion that is taken for one of a lens."""
_NUMERATOR = (113 / 13, 243 / 13, 85 / 13)
_DENOMINATOR = (126 / 13, 330 / 13, 193 / 13)


@dataclass(frozen=True, kw_only=True, slots=True)
class NvmCamera:
    """One posed photo of a model."""

    name: str
    """Path as listed, with forward slashes."""
    focal_px: float
    cam_from_world: RigidTransform
    measurement_distortion: float
    reach_px: tuple[float, float]
    """Smallest width and height that hold the photo's key-points; 0 without key-points."""
    subject: str
    """File and line, for messages."""

    def camera(self, width: int, height: int) -> Camera:
        """Return the intrinsics for a photo of that size, whose centre is the principal point.

        Raises CameraError on an impossible focal length.
        """
        center = (width / 2, height / 2)
        if self.measurement_distortion == 0:
            return Camera("SIMPLE_PINHOLE", width, height, (self.focal_px, *center))
        return Camera(
            "FULL_OPENCV",
            width,
            height,
            (self.focal_px, self.focal_px, *center, *_projected(self.measurement_distortion)),
        )


def _projected(r: float) -> tuple[float, ...]:
    """Return k1 k2 p1 p2 k3 k4 k5 k6 that distort as `m (1 + r |m|^2)` undistorts.

    With x = r |u|^2 of the undistorted u, m = g(x) u where g (1 + x g^2) = 1. The coefficients are
    those of the [3/3] Pade approximant of g: within 0.04 px at f = 1600 px, |m| < 0.9, |r| < 0.2.
    """
    powers = (r, r**2, r**3)
    k1, k2, k3 = (a * power for a, power in zip(_NUMERATOR, powers, strict=True))
    k4, k5, k6 = (b * power for b, power in zip(_DENOMINATOR, powers, strict=True))
    return (k1, k2, 0.0, 0.0, k3, k4, k5, k6)


@dataclass(frozen=True, kw_only=True, slots=True)
class NvmModel:
    """The first model of a file; further ones lie in other frames of reference."""

    cameras: tuple[NvmCamera, ...]
    num_further_models: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank; only few of them are ever cut into fields."""

    path: Path
    number: int
    text: str

    @property
    def row(self) -> Row:
        return Row(self.path, self.number, tuple(self.text.split()))


def read_nvm(path: Path, *, with_reach: bool = False) -> NvmModel:
    """Read the first model of an NVM file; DataError lists every malformed line of its cameras.

    `with_reach` reads the key-points as well, which are nearly all of a file.
    """
    lines = [
        _Line(path, number, line)
        for number, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip()
    ]
    _check_header(path, lines)
    camera_lines, at = _block(path, lines, 1, noun="cameras")
    point_lines, at = _block(path, lines, at, noun="points")
    reach_px = [(0.0, 0.0)] * len(camera_lines)
    if with_reach:
        reach_px = _reach_px(point_lines, num_cameras=len(camera_lines))
    cameras: list[NvmCamera] = []
    faults: list[Fault] = []
    for line, reach in zip(camera_lines, reach_px, strict=True):
        try:
            cameras.append(_parse_camera(line.row, reach))
        except DataError as error:
            faults.extend(error.faults)
    if faults:
        raise DataError.from_faults(faults)
    return NvmModel(cameras=tuple(cameras), num_further_models=_count_models(path, lines, at))


def announced_cameras(path: Path) -> int:
    """Return how many cameras the first model of a file announces, 0 if it does not say."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in islice(file, 10):
            if line.strip().isdecimal():
                return int(line)
    return 0


def _check_header(path: Path, lines: Sequence[_Line]) -> None:
    fields = lines[0].row.fields if lines else ("nothing",)
    if fields[0] != _HEADER:
        raise DataError(
            str(path), f"begins with {fields[0]}, expected {_HEADER}", "Save it in VisualSFM."
        )
    if len(fields) > 1:
        raise DataError(
            lines[0].row.subject,
            f"states a fixed calibration ({fields[1]}), which is not read",
            "Save the model without a fixed calibration.",
        )


def _block(
    path: Path, lines: Sequence[_Line], at: int, *, noun: str
) -> tuple[Sequence[_Line], int]:
    """Return the lines that the count at `at` announces, and where they end."""
    if at >= len(lines):
        raise DataError(str(path), f"ends before the number of {noun}", _REMEDY)
    row = lines[at].row
    if len(row.fields) != 1:
        raise DataError(row.subject, f"is not the number of {noun}", _REMEDY)
    count = parse_int(row.fields[0], row.subject)
    block = lines[at + 1 : at + 1 + max(count, 0)]
    if len(block) != count:
        reason = f"announces {count} {noun} but {len(block)} lines follow"
        raise DataError(row.subject, reason, _REMEDY)
    return block, at + 1 + count


def _count_models(path: Path, lines: Sequence[_Line], at: int) -> int:
    """Count the models after the first: each is a block of cameras and one of points."""
    count = 0
    while at < len(lines) and lines[at].text.strip() != "0":
        _, at = _block(path, lines, at, noun="cameras")
        _, at = _block(path, lines, at, noun="points")
        count += 1
    return count


def _parse_camera(row: Row, reach_px: tuple[float, float]) -> NvmCamera:
    if len(row.fields) != 11:
        raise DataError(
            row.subject,
            f"has {len(row.fields)} fields, expected 11",
            "Write `file f qw qx qy qz cx cy cz r 0`.",
        )
    focal_px, *numbers = row.floats(1, 10)
    if not abs(numbers[7]) <= MAX_DISTORTION:
        reason = f"has the distortion {numbers[7]:g}, expected one between -1 and 1"
        raise DataError(row.subject, reason, "Remove the photo from the model.")
    pose = pose_at(np.array(numbers[:4]), np.array(numbers[4:7]), subject=row.subject)
    return NvmCamera(
        # VisualSFM runs on Windows, and writes " for a space
        name=row.fields[0].replace("\\", "/").replace('"', " "),
        focal_px=float(focal_px),
        cam_from_world=pose,
        measurement_distortion=float(numbers[7]),
        reach_px=reach_px,
        subject=row.subject,
    )


def _reach_px(point_lines: Sequence[_Line], *, num_cameras: int) -> list[tuple[float, float]]:
    """Return the smallest photo size that holds each camera's key-points.

    Points are `x y z r g b n (camera feature x y)*n`. Key-points count from the image centre;
    other writers count from the corner, which is told by there being no negative one.
    """
    largest = np.zeros((num_cameras, 2))
    has_negative = False
    for line in point_lines:
        measurements = _measurements(line, num_cameras=num_cameras)
        xy = measurements[:, 2:]
        has_negative = has_negative or bool((xy < 0).any())
        np.fmax.at(largest, measurements[:, 0].astype(np.int64), np.abs(xy))
    scale = 2.0 if has_negative else 1.0
    return [(scale * float(x), scale * float(y)) for x, y in largest]


def _measurements(line: _Line, *, num_cameras: int) -> Float64[np.ndarray, "measurement 4"]:
    """Return camera, feature, x and y of each key-point of a point."""
    try:
        values = np.array(line.text.split(), dtype=np.float64)
        measurements = values[7:].reshape(-1, 4)
        is_whole = len(measurements) == values[6]
    except (ValueError, IndexError):
        is_whole = False
        measurements = np.zeros((0, 4))
    if not is_whole:
        raise DataError(line.row.subject, "is not a point with its measurements", _REMEDY)
    if not ((measurements[:, 0] >= 0) & (measurements[:, 0] < num_cameras)).all():
        raise DataError(line.row.subject, "names a camera that is not in the model", _REMEDY)
    return measurements
