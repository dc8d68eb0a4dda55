"""EuRoC MAV sequences (mav0/cam0, mav0/state_groundtruth_estimate0) -> ImageSet.

`cam0/data.csv` lists time stamps in nanoseconds and photos; the ground truth poses the body at
about 200 Hz and is interpolated to the time of each photo; `cam0/sensor.yaml` has the intrinsics
and T_BS, the pose of the camera in the body.
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from neumap.errors import CameraError, DataError, Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.colmap_model import pose_of
from neumap.images.input_text import cut_warnings, parse_float, parse_int, read_text, table_rows
from neumap.images.pose_matrix import check_last_row
from neumap.images.posed_image import ImageSet
from neumap.images.time_stamps import interpolated

CAMERA = "cam0"
TRUTH = "state_groundtruth_estimate0/data.csv"
SIGN = f"[mav0/]{CAMERA}/sensor.yaml and [mav0/]{TRUTH} (euroc)"
MODELS = {"radial-tangential": "OPENCV", "equidistant": "OPENCV_FISHEYE"}
"""Distortion models of sensor.yaml, each with four coefficients."""

_LAYOUT = Layout(
    name="euroc",
    units="metre",
    convention=(
        "EuRoC: world_from_body as position and quaternion (scalar first), body_from_cam T_BS, "
        "OpenCV axes, pixel origin at the centre of the first pixel (0.5 px added here)."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a EuRoC sequence, or its mav0 folder."""
    return _mav_folder(root) is not None


def read(root: Path) -> ImageSet:
    """Read the photos of cam0, in metres.

    Photos outside the ground truth, or in a gap of more than 0.1 s, are left out with a warning.
    Raises DataError on malformed lines (all of them), or if no photo is on disk.
    """
    folder = _mav_folder(root)
    if folder is None:
        reason = f"lacks {CAMERA}/sensor.yaml or {TRUTH}, also in mav0"
        raise DataError(str(root), reason, "Unpack the sequence with its ground truth.")
    faults: list[Fault] = []
    times_ns, names = _read_photos(folder / CAMERA / "data.csv", faults)
    truth_ns, world_from_body = _read_truth(folder / TRUTH, faults)
    try:
        camera, body_from_cam = _read_sensor(folder / CAMERA / "sensor.yaml")
    except DataError as error:
        raise DataError.from_faults([*faults, *error.faults]) from error
    if faults:
        raise DataError.from_faults(faults)
    prefix = (folder / CAMERA / "data").relative_to(root).as_posix()
    frames: list[ListedFrame] = []
    unposed: list[str] = []
    for name, time_ns in zip(names, times_ns, strict=True):
        pose = interpolated(int(time_ns), truth_ns, world_from_body)
        if pose is None:
            unposed.append(name)
            continue
        cam_from_world = (pose @ body_from_cam).inverse()
        frames.append(ListedFrame(f"{prefix}/{name}", camera, cam_from_world))
    warnings = cut_warnings(folder / CAMERA / "data.csv", folder / TRUTH)
    if unposed:
        warnings.append(f"{examples(unposed)} photos are outside the ground truth, left out.")
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)


def _mav_folder(root: Path) -> Path | None:
    for folder in (root / "mav0", root):
        if (folder / CAMERA / "sensor.yaml").is_file() and (folder / TRUTH).is_file():
            return folder
    return None


def _read_photos(path: Path, faults: list[Fault]) -> tuple[list[int], list[str]]:
    times_ns: list[int] = []
    names: list[str] = []
    for row in table_rows(path, separator=","):
        try:
            if len(row.fields) != 2:
                raise DataError(row.subject, "is not `timestamp,file`", "Correct the line.")
            times_ns.append(parse_int(row.fields[0], row.subject))
            names.append(row.fields[1])
        except DataError as error:
            faults.extend(error.faults)
    if not names and not faults:
        faults.append(Fault(str(path), "lists no photo", "Restore the file."))
    return times_ns, names


def _read_truth(
    path: Path, faults: list[Fault]
) -> tuple[Int64[np.ndarray, " pose"], RigidTransform]:
    """Read `timestamp,x,y,z,qw,qx,qy,qz,...` lines as world_from_body, sorted by time."""
    entries: list[tuple[int, RigidTransform]] = []
    for row in table_rows(path, separator=","):
        try:
            numbers = row.floats(1, 8)
            pose = pose_of(numbers[3:], numbers[:3], subject=row.subject)
            entries.append((parse_int(row.fields[0], row.subject), pose))
        except DataError as error:
            faults.extend(error.faults)
    if not entries:
        if not faults:
            faults.append(Fault(str(path), "holds no pose", "Restore the file."))
        return np.zeros(0, dtype=np.int64), RigidTransform(np.zeros((0, 3, 3)), np.zeros((0, 3)))
    entries.sort(key=lambda entry: entry[0])
    poses = [pose for _, pose in entries]
    return np.array([time for time, _ in entries], dtype=np.int64), RigidTransform(
        np.stack([pose.rotation for pose in poses]), np.stack([pose.translation for pose in poses])
    )


def _read_sensor(path: Path) -> tuple[Camera, RigidTransform]:
    """Read resolution, intrinsics, distortion and T_BS of sensor.yaml."""
    text = read_text(path)
    width, height = (int(value) for value in _numbers(path, text, "resolution", count=2))
    fx, fy, cx, cy = _numbers(path, text, "intrinsics", count=4)
    distortion = _numbers(path, text, "distortion_coefficients", count=4)
    matrix = _numbers(path, text, "data", count=16).reshape(4, 4)
    check_last_row(matrix, f"{path}, T_BS")
    stated = re.search(r"^\s*distortion_model:\s*([\w-]+)", text, re.MULTILINE)
    kind = stated.group(1) if stated else "missing"
    if kind not in MODELS:
        reason = f"is {kind}, not one of {', '.join(MODELS)}"
        raise DataError(f"{path}, distortion_model", reason, "State one of those.")
    params = (fx, fy, cx + 0.5, cy + 0.5, *distortion)
    model = MODELS[kind] if distortion.any() or kind == "equidistant" else "PINHOLE"
    params = params if model != "PINHOLE" else params[:4]
    try:
        camera = Camera(model, width, height, tuple(float(value) for value in params))
    except CameraError as error:
        raise DataError(str(path), error.faults[0].reason, error.faults[0].remedy) from error
    return camera, RigidTransform.from_matrix(matrix)


def _numbers(path: Path, text: str, key: str, *, count: int) -> Float64[np.ndarray, " value"]:
    """Return the numbers of `key: [a, b, ...]`, which may span lines."""
    match = re.search(rf"^\s*{key}:\s*\[([^\]]*)\]", text, re.MULTILINE)
    if match is None:
        raise DataError(f"{path}, {key}", "is missing or no list", "Restore the file.")
    fields = [field.strip() for field in match.group(1).split(",")]
    values = [parse_float(field, f"{path}, {key}") for field in fields]
    if len(values) != count:
        reason = f"has {len(values)} numbers, expected {count}"
        raise DataError(f"{path}, {key}", reason, "Restore the file.")
    return np.array(values, dtype=np.float64)
