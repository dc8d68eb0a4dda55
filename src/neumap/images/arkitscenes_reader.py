"""ARKitScenes (lowres_wide.traj, wide/*.png, wide_intrinsics/*.pincam, ...) -> ImageSet.

`lowres_wide.traj` has lines of time, axis-angle and translation of cam_from_world; each photo has a
`.pincam` file of its own: `width height fx fy cx cy` (DATA.md of the data set's repository). Names
are `VIDEO_TIME`. Photos, poses and intrinsics are matched as the data set's own loader does.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from neumap.errors import DataError, Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import cut_warnings, odd_one_warnings, table_rows
from neumap.images.posed_image import ImageSet
from neumap.images.time_stamps import nearest_in_time

TRAJECTORY = "lowres_wide.traj"
DEPTH_OF_PHOTOS = {"wide": "highres_depth", "vga_wide": "", "lowres_wide": "lowres_depth"}
"""Folders of photos, the largest photos first, and of the depth of the same size."""
SIGN = f"{TRAJECTORY} with [lowres_|vga_]wide_intrinsics (arkitscenes)"
MAX_POSE_GAP_S = 0.005

_LAYOUT = Layout(
    name="arkitscenes",
    units="metre",
    convention=(
        "ARKitScenes: cam_from_world as axis-angle and translation, OpenCV axes, pixel origin at "
        "the centre of the first pixel (0.5 px added here); depth in millimetres, registered."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a video of ARKitScenes."""
    return (root / TRAJECTORY).is_file() and _photo_folder(root) is not None


def read(root: Path) -> ImageSet:
    """Read the largest photos that the folder has, in metres.

    Photos without a pose within 5 ms are left out with a warning. Raises DataError on malformed
    lines (all of them), or if no photo is on disk.
    """
    folder = _photo_folder(root)
    if folder is None or not (root / TRAJECTORY).is_file():
        raise DataError(str(root), f"lacks {SIGN}", "Download the assets that the page names.")
    faults: list[Fault] = []
    pose_times, poses = _read_trajectory(root / TRAJECTORY, faults)
    timed = _timed_intrinsics(root / f"{folder}_intrinsics", faults)
    if faults:
        raise DataError.from_faults(faults)
    names = _photo_names(root, folder, timed)
    times = np.array(list(timed), dtype=np.float64) / 1000
    at_poses = nearest_in_time(times, pose_times, max_gap_s=MAX_POSE_GAP_S)
    frames: list[ListedFrame] = []
    unposed: list[str] = []
    for path, name, at_pose in zip(timed.values(), names, at_poses, strict=True):
        if at_pose < 0:
            unposed.append(name)
            continue
        with CollectFaults(faults, of=str(path)):
            frames.append(_frame(root, name, camera=_read_camera(path), pose=poses[at_pose]))
    warnings = [*cut_warnings(root / TRAJECTORY), *odd_one_warnings(list(timed.values()))]
    if unposed:
        warnings.append(f"{examples(unposed)} photos have no pose within 5 ms and were left out.")
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)


def _photo_folder(root: Path) -> str | None:
    names = (name for name in DEPTH_OF_PHOTOS if (root / f"{name}_intrinsics").is_dir())
    return next(names, None)


def _read_trajectory(
    path: Path, faults: list[Fault]
) -> tuple[Float64[np.ndarray, " pose"], list[RigidTransform]]:
    """Read `time rx ry rz tx ty tz` lines as cam_from_world, sorted by time."""
    entries: list[tuple[float, RigidTransform]] = []
    for row in table_rows(path):
        try:
            if len(row.fields) != 7:
                raise DataError(row.subject, "is not `time rx ry rz tx ty tz`", "Fix the line.")
            values = row.floats(0, 7)
        except DataError as error:
            faults.extend(error.faults)
            continue
        if not np.isfinite(values).all():
            faults.append(Fault(row.subject, "holds NaN or infinite numbers", "Remove the line."))
            continue
        rotation = Rotation.from_rotvec(values[1:4]).as_matrix()
        entries.append((float(values[0]), RigidTransform(rotation, values[4:])))
    if not entries and not faults:
        faults.append(Fault(str(path), "holds no pose", "Restore the file."))
    entries.sort(key=lambda entry: entry[0])
    return np.array([time for time, _ in entries]), [pose for _, pose in entries]


def _timed_intrinsics(folder: Path, faults: list[Fault]) -> dict[int, Path]:
    """Return the intrinsics files by the time in milliseconds that their names end with."""
    timed: dict[int, Path] = {}
    for path in sorted(folder.glob("*.pincam")):
        time_ms = _milliseconds(path)
        if time_ms is None:
            faults.append(Fault(str(path), "has no time in its name", "Restore `VIDEO_TIME`."))
        else:
            timed[time_ms] = path
    return timed


def _milliseconds(path: Path) -> int | None:
    try:
        return round(1000 * float(path.stem.rsplit("_", 1)[-1]))
    except (ValueError, OverflowError):
        return None


def _photo_names(root: Path, folder: str, timed: dict[int, Path]) -> list[str]:
    """Return the photo within 1 ms of each intrinsics file, else the one that is missing."""
    photos = {_milliseconds(path): path.name for path in sorted((root / folder).glob("*.png"))}
    names: list[str] = []
    for time_ms, path in timed.items():
        near = (photos[at] for at in (time_ms, time_ms - 1, time_ms + 1) if at in photos)
        names.append(f"{folder}/{next(near, f'{path.stem}.png')}")
    return names


def _frame(root: Path, name: str, *, camera: Camera, pose: RigidTransform) -> ListedFrame:
    folder, file_name = name.split("/")
    depth_name = f"{DEPTH_OF_PHOTOS[folder]}/{file_name}"
    has_depth = DEPTH_OF_PHOTOS[folder] != "" and (root / depth_name).is_file()
    return ListedFrame(name, camera, pose, depth_name=depth_name if has_depth else None)


def _read_camera(path: Path) -> Camera:
    rows = list(table_rows(path))
    if len(rows) != 1 or len(rows[0].fields) != 6:
        raise DataError(str(path), "is not one line `width height fx fy cx cy`", "Restore it.")
    width, height, fx, fy, cx, cy = rows[0].floats(0, 6)
    if not (float(width).is_integer() and float(height).is_integer()):
        raise DataError(str(path), f"has the size {width} x {height}", "Restore the file.")
    return Camera.pinhole(int(width), int(height), fx=fx, fy=fy, cx=cx + 0.5, cy=cy + 0.5)
