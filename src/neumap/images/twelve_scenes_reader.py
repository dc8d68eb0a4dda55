"""12-Scenes (info.txt, split.txt, data/frame-*.{color.jpg, depth.png, pose.txt}) -> ImageSet.

`split.txt` has a line for each sequence: `sequence0 [frames=357]  [start=0 ; end=356]`. The first
sequence holds the queries, the others are mapped.
"""

import re
from pathlib import Path

import numpy as np

from neumap.errors import CameraError, DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, assemble
from neumap.images.frame_files import FrameFiles, listed_frames
from neumap.images.input_text import cut_warnings, parse_float, parse_int, read_text, table_rows
from neumap.images.posed_image import ImageSet

INFO_FILE = "info.txt"
SPLIT_FILE = "split.txt"
FRAMES_FOLDER = "data"
SIGN = f"{INFO_FILE} and {FRAMES_FOLDER}/frame-*.pose.txt (12scenes)"

_LAYOUT = Layout(
    name="12scenes",
    units="metre",
    convention=(
        "12-Scenes: world_from_cam 4x4 matrices, OpenCV axes, pixel origin at the centre of the "
        "first pixel (0.5 px added here); depth in millimetres with intrinsics of its own, "
        "registered."
    ),
)
_SEQUENCE = re.compile(r"sequence\d+\s*\[frames=(\d+)\]\s*\[start=(\d+)\s*;\s*end=(\d+)\]")
_FRAME = re.compile(r"frame-(\d+)\.")


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a scene of 12-Scenes."""
    frames = (root / FRAMES_FOLDER).glob("frame-*.pose.txt")
    return (root / INFO_FILE).is_file() and next(frames, None) is not None


def read(root: Path) -> ImageSet:
    """Read a scene, in metres; frames without a finite pose are marked for `checks`.

    Without split.txt there is no given split. Raises DataError on malformed files (all of them),
    or if no photo is on disk.
    """
    color, depth = _read_cameras(root / INFO_FILE)
    files = [
        FrameFiles(
            pose=pose,
            photo_name=_photo_name(root, stem),
            depth_name=f"{stem}.depth.png",
            camera=color,
            depth_camera=depth,
        )
        for pose in sorted((root / FRAMES_FOLDER).glob("frame-*.pose.txt"))
        for stem in (f"{FRAMES_FOLDER}/{pose.name.removesuffix('.pose.txt')}",)
    ]
    faults: list[Fault] = []
    frames = listed_frames(root, files, faults)
    split = None
    warnings = cut_warnings(root / INFO_FILE)
    if (root / SPLIT_FILE).is_file():
        warnings.extend(cut_warnings(root / SPLIT_FILE))
        try:
            split = _read_split(root / SPLIT_FILE, [frame.name for frame in frames])
        except DataError as error:
            faults.extend(error.faults)
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults, given_split=split)


def _photo_name(root: Path, stem: str) -> str:
    names = [f"{stem}.color.{suffix}" for suffix in ("jpg", "png")]
    return next((name for name in names if (root / name).is_file()), names[0])


def _read_cameras(path: Path) -> tuple[Camera, Camera]:
    """Read the intrinsics of colour and depth from `key = value` lines."""
    values: dict[str, str] = {}
    for line in read_text(path).splitlines():
        key, _, value = line.partition("=")
        values[key.strip()] = value.strip()
    faults: list[Fault] = []
    cameras: list[Camera] = []
    for kind in ("color", "depth"):
        try:
            cameras.append(_camera_of(path, values, kind))
        except (DataError, CameraError) as error:
            faults.extend(Fault(_placed(path, f), f.reason, f.remedy) for f in error.faults)
    if faults:
        raise DataError.from_faults(faults)
    return cameras[0], cameras[1]


def _placed(path: Path, fault: Fault) -> str:
    return fault.subject if fault.subject.startswith(str(path)) else f"{path}, {fault.subject}"


def _camera_of(path: Path, values: dict[str, str], kind: str) -> Camera:
    keys = (
        f"m_{kind}Width",
        f"m_{kind}Height",
        f"m_calibration{kind.capitalize()}Intrinsic",
    )
    missing = [key for key in keys if key not in values]
    if missing:
        raise DataError(f"{path}, {missing[0]}", "is missing", "Restore the file.")
    width, height = (parse_int(values[key], f"{path}, {key}") for key in keys[:2])
    subject = f"{path}, {keys[2]}"
    numbers = [parse_float(text, subject) for text in values[keys[2]].split()]
    if len(numbers) != 16:
        raise DataError(subject, f"has {len(numbers)} numbers, expected 16", "Restore the line.")
    fx, fy, cx, cy = (
        np.array(numbers).reshape(4, 4)[at] for at in ((0, 0), (1, 1), (0, 2), (1, 2))
    )
    return Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx + 0.5, cy=cy + 0.5)


def _read_split(path: Path, names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names to map and to query."""
    ranges: list[range] = []
    for row in table_rows(path):
        match = _SEQUENCE.fullmatch(" ".join(row.fields))
        if match is None:
            raise DataError(
                row.subject,
                "is no sequence",
                "Write e.g. `sequence0 [frames=357] [start=0 ; end=356]`.",
            )
        count, start, end = (int(text) for text in match.groups())
        if end - start + 1 != count:
            raise DataError(
                row.subject, f"counts {count} frames but spans {start} to {end}", "Fix."
            )
        ranges.append(range(start, end + 1))
    if not ranges:
        raise DataError(str(path), "lists no sequence", "Restore the file.")
    number_of = {name: int(match.group(1)) for name in names if (match := _FRAME.search(name))}
    mapped = tuple(n for n in names if any(number_of[n] in span for span in ranges[1:]))
    queried = tuple(n for n in names if number_of[n] in ranges[0])
    return mapped, queried
