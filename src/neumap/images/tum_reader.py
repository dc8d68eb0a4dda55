"""TUM RGB-D folders (rgb.txt, depth.txt, groundtruth.txt) -> ImageSet.

Pictures and poses are associated by time stamp, nearest within 0.02 s, as the data set's own
tools do.  TUM puts the pixel origin at the centre of the first pixel: 0.5 is added to cx and cy.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from neumap.errors import CameraError, DataError, Fault, PhotoError
from neumap.geometry import Camera, RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble, examples, path_inside
from neumap.images.colmap_model import pose_of
from neumap.images.input_text import cut_warnings, table_rows
from neumap.images.photo import photo_size
from neumap.images.posed_image import ImageSet
from neumap.images.time_stamps import nearest_in_time

MAX_TIME_GAP_S = 0.02
DEPTH_UNITS_PER_METRE = 5000.0
INTRINSICS_FILES = ("calibration.txt", "camera.txt")
DEFAULT_SIZE = (640, 480)
DEFAULT_INTRINSICS = (525.0, 525.0, 319.5, 239.5)
"""fx fy cx cy that the data set recommends for its registered depth, in its pixel origin."""

SIGN = "rgb.txt and groundtruth.txt (tum)"

_LAYOUT = Layout(
    name="tum",
    units="metre",
    convention=(
        "TUM RGB-D: world_from_cam as translation and quaternion (scalar last), OpenCV axes, "
        "pixel origin at the centre of the first pixel (0.5 px added here); depth in 1/5000 m, "
        "registered."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a TUM RGB-D sequence."""
    return all((root / name).is_file() for name in ("rgb.txt", "groundtruth.txt"))


def read(root: Path) -> ImageSet:
    """Read a TUM RGB-D sequence, in metres.

    Intrinsics come from calibration.txt or camera.txt (`fx fy cx cy [k1 k2 p1 p2 [k3 [k4 k5
    k6]]]`), else the data set's default with a warning, for 640 x 480 photos only. Photos without
    a pose within 0.02 s are left out with a warning. Raises DataError on malformed lines.
    """
    photo_times, photo_names = _read_list(root / "rgb.txt")
    if not photo_names:
        raise DataError(str(root / "rgb.txt"), "lists no photo", "Restore the file.")
    pose_times, poses, faults = _read_poses(root / "groundtruth.txt")
    depth_times, depth_names = np.zeros(0), ()
    if (root / "depth.txt").is_file():
        depth_times, depth_names = _read_list(root / "depth.txt")
    camera, warnings = _read_camera(root, photo_names)
    lists = (root / name for name in ("rgb.txt", "depth.txt", "groundtruth.txt"))
    warnings.extend(cut_warnings(*(path for path in lists if path.is_file())))
    pose_of_photo = nearest_in_time(photo_times, pose_times, max_gap_s=MAX_TIME_GAP_S)
    depth_of_photo = nearest_in_time(photo_times, depth_times, max_gap_s=MAX_TIME_GAP_S)
    frames: list[ListedFrame] = []
    unposed: list[str] = []
    for name, at_pose, at_depth in zip(photo_names, pose_of_photo, depth_of_photo, strict=True):
        if at_pose < 0:
            unposed.append(name)
            continue
        frames.append(
            ListedFrame(
                name=name,
                camera=camera,
                cam_from_world=poses[at_pose].inverse(),
                depth_name=depth_names[at_depth] if at_depth >= 0 else None,
                depth_units_per_metre=DEPTH_UNITS_PER_METRE,
            )
        )
    if unposed:
        warnings.append(
            f"{examples(unposed)} photos have no pose within {MAX_TIME_GAP_S} s and were left out."
        )
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)


def _read_list(path: Path) -> tuple[Float64[np.ndarray, " entry"], tuple[str, ...]]:
    """Read `timestamp file` lines, sorted by time."""
    faults: list[Fault] = []
    entries: list[tuple[float, str]] = []
    for row in table_rows(path):
        try:
            if len(row.fields) != 2:
                raise DataError(row.subject, "is not `timestamp file`", "Correct the line.")
            entries.append((float(row.floats(0, 1)[0]), row.fields[1]))
        except DataError as error:
            faults.extend(error.faults)
    if faults:
        raise DataError.from_faults(faults)
    entries.sort()
    return np.array([time for time, _ in entries]), tuple(name for _, name in entries)


def _read_poses(
    path: Path,
) -> tuple[Float64[np.ndarray, " entry"], list[RigidTransform], list[Fault]]:
    """Read `timestamp tx ty tz qx qy qz qw` lines as world_from_cam, sorted by time."""
    faults: list[Fault] = []
    entries: list[tuple[float, RigidTransform]] = []
    for row in table_rows(path):
        try:
            values = row.floats(0, 8)
            pose = pose_of(values[[7, 4, 5, 6]], values[1:4], subject=row.subject)
        except DataError as error:
            faults.extend(error.faults)
            continue
        entries.append((float(values[0]), pose))
    if not entries and not faults:
        faults.append(Fault(str(path), "holds no pose", "Restore the file."))
    entries.sort(key=lambda entry: entry[0])
    return np.array([time for time, _ in entries]), [pose for _, pose in entries], faults


def _read_camera(root: Path, photo_names: Sequence[str]) -> tuple[Camera, list[str]]:
    width, height = _first_size(root, photo_names)
    path = next((root / name for name in INTRINSICS_FILES if (root / name).is_file()), None)
    if path is None:
        if (width, height) != DEFAULT_SIZE:
            raise DataError(
                str(root),
                f"photos are {width} x {height} px and the layout states no intrinsics",
                f"Put `fx fy cx cy [k1 k2 p1 p2 [k3 [k4 k5 k6]]]` in {INTRINSICS_FILES[0]}.",
            )
        sentence = (
            "The layout states no intrinsics: the data set's default (focal length 525 px) was "
            f"taken; state others in {INTRINSICS_FILES[0]}."
        )
        return _camera_of(width, height, np.array(DEFAULT_INTRINSICS)), [sentence]
    rows = list(table_rows(path))
    if len(rows) != 1 or len(rows[0].fields) not in (4, 8, 9, 12):
        raise DataError(
            str(path),
            "is not one line of 4, 8, 9 or 12 numbers",
            "Write fx fy cx cy [k1 k2 p1 p2 [k3 [k4 k5 k6]]].",
        )
    try:
        camera = _camera_of(width, height, rows[0].floats(0, len(rows[0].fields)))
    except CameraError as error:
        fault = error.faults[0]
        raise DataError(str(path), fault.reason, fault.remedy) from error
    return camera, cut_warnings(path)


def _camera_of(width: int, height: int, values: Float64[np.ndarray, " value"]) -> Camera:
    base = (values[0], values[1], values[2] + 0.5, values[3] + 0.5)
    distortion = values[4:]
    if not distortion.any():
        return Camera.pinhole(width, height, fx=base[0], fy=base[1], cx=base[2], cy=base[3])
    if not distortion[4:].any():
        params = (*base, *distortion[:4])
        return Camera("OPENCV", width, height, tuple(float(value) for value in params))
    params = (*base, *distortion, *[0.0] * (8 - len(distortion)))
    return Camera("FULL_OPENCV", width, height, tuple(float(value) for value in params))


def _first_size(root: Path, photo_names: Sequence[str]) -> tuple[int, int]:
    """Return the size of the first readable photo: intrinsics files state none."""
    for name in photo_names:
        try:
            return photo_size(path_inside(root, name))
        except (PhotoError, DataError):
            continue
    raise DataError(
        str(root),
        f"none of the {len(photo_names)} photos listed in rgb.txt can be read",
        "Put the photos where rgb.txt lists them.",
    )
