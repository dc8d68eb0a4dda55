"""Text COLMAP models: `cameras.txt` and `images.txt`, with errors that name the line."""

import re
from pathlib import Path

import numpy as np

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.colmap_model import ColmapImage, ColmapModel, pose_of
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import cut_warnings, parse_float, parse_int, read_text

_ANNOUNCED = re.compile(r"#\s*(?:Number of|NB)\s+(?:cameras|images)\s*:\s*(\d+)", re.IGNORECASE)


def read_text_model(folder: Path) -> ColmapModel:
    """Read cameras.txt and images.txt; DataError lists every malformed line.

    A comma after a field is accepted (kapture writes them), a decimal comma is not.
    """
    faults: list[Fault] = []
    cameras = _read_cameras(folder / "cameras.txt", faults)
    images = _read_images(folder / "images.txt", faults)
    if faults:
        raise DataError.from_faults(faults)
    warnings = cut_warnings(folder / "cameras.txt", folder / "images.txt")
    return ColmapModel(cameras, tuple(images), tuple(warnings))


def _lines(path: Path) -> list[str]:
    # split at line feeds only: other separators of str.splitlines may stand in a file name
    return [line.rstrip("\r") for line in read_text(path).split("\n")]


def _check_announced(path: Path, lines: list[str], found: int) -> list[Fault]:
    for line in lines:
        match = _ANNOUNCED.match(line)
        if match and int(match.group(1)) != found:
            reason = f"announces {match.group(1)} entries but holds {found}"
            return [Fault(str(path), reason, "Export the model anew; the file is cut or edited.")]
    return []


def _read_cameras(path: Path, faults: list[Fault]) -> dict[int, Camera]:
    cameras: dict[int, Camera] = {}
    num_faults = len(faults)
    lines = _lines(path)
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        subject = f"{path}, line {number}"
        with CollectFaults(faults, of=subject):
            camera_id, camera = _parse_camera(line, subject)
            if camera_id in cameras:
                raise DataError(subject, f"camera {camera_id} is listed twice", "Keep one.")
            cameras[camera_id] = camera
    if len(faults) == num_faults:
        faults.extend(_check_announced(path, lines, len(cameras)))
    return cameras


def _parse_camera(line: str, subject: str) -> tuple[int, Camera]:
    fields = [field.rstrip(",") for field in line.split()]
    if len(fields) < 5:
        raise DataError(
            subject,
            f"has {len(fields)} fields, expected at least 5",
            "Write CAMERA_ID MODEL WIDTH HEIGHT PARAMS[].",
        )
    params = tuple(parse_float(field, subject) for field in fields[4:])
    width, height = parse_int(fields[2], subject), parse_int(fields[3], subject)
    return parse_int(fields[0], subject), Camera(fields[1], width, height, params)


def _read_images(path: Path, faults: list[Fault]) -> list[ColmapImage]:
    """Parse two lines an image: the pose, then the 2D points (perhaps none, then empty)."""
    images: list[ColmapImage] = []
    num_faults = len(faults)
    lines = _lines(path)
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            images.append(_parse_image(line, f"{path}, line {index}"))
            if index < len(lines):
                _check_points(lines[index], f"{path}, line {index + 1}")
        except DataError as error:
            faults.extend(error.faults)
        index += 1
    if len(faults) == num_faults:
        faults.extend(_check_announced(path, lines, len(images)))
    return images


def _parse_image(line: str, subject: str) -> ColmapImage:
    fields = line.strip().split(None, 9)  # the name comes last and may hold spaces
    if len(fields) != 10:
        raise DataError(
            subject,
            f"has {len(fields)} fields, expected 10",
            "Write IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME.",
        )
    numbers = np.array([parse_float(field.rstrip(","), subject) for field in fields[1:8]])
    cam_from_world = pose_of(numbers[:4], numbers[4:], subject=subject)
    camera_id = parse_int(fields[8].rstrip(","), subject)
    return ColmapImage(fields[9], camera_id, cam_from_world, subject)


def _check_points(line: str, subject: str) -> None:
    """Refuse a line of 2D points that cannot be one, e.g. the next pose where it is missing."""
    if len(line.split()) % 3:
        raise DataError(
            subject,
            "is not a line of 2D points (X Y POINT3D_ID triples)",
            "Write the 2D points of each image, or an empty line, below its pose.",
        )
