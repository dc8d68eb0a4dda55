"""7-Scenes style RGB-D folders -> ImageSet.

`seq-*/frame-*.{color.png|color.jpg, depth.png, pose.txt}` or the same frames in one folder.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from neumap.errors import CameraError, DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, assemble, examples
from neumap.images.frame_files import FrameFiles, listed_frames
from neumap.images.input_text import table_rows
from neumap.images.matrix_text import read_matrix
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

INTRINSICS_FILE = "camera-intrinsics.txt"
DEFAULT_FOCAL_PX = 585.0
"""Focal length that the 7-Scenes documentation states, for its 640 x 480 photos."""
DEFAULT_SIZE = (640, 480)

SIGN = "[seq-*/]frame-*.pose.txt (7scenes)"

_LAYOUT = Layout(
    name="7scenes",
    units="metre",
    convention=(
        "7-Scenes: world_from_cam 4x4 matrices, OpenCV axes, pixel origin at the corner of the "
        "first pixel; depth in millimetres, 0 and 65535 invalid, read as registered to the photo."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds posed frames of 7-Scenes, in sequences or not."""
    patterns = ("seq-*/frame-*.pose.txt", "frame-*.pose.txt")
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)


def read(root: Path) -> ImageSet:
    """Read the frames of a scene, in metres; TrainSplit/TestSplit.txt become the given split.

    Without camera-intrinsics.txt (3x3) the focal length is the one of the data set's
    documentation, which is said in a warning and allowed for 640 x 480 photos only. Raises
    DataError on malformed poses, missing intrinsics or if no photo is on disk.
    """
    poses = sorted([*root.glob("seq-*/frame-*.pose.txt"), *root.glob("frame-*.pose.txt")])
    if not poses:
        raise DataError(str(root), "holds no frame-*.pose.txt", "Unpack the sequences (seq-*).")
    warnings: list[str] = []
    intrinsics = _read_intrinsics(root)
    if intrinsics is None:
        warnings.append(
            f"The layout states no intrinsics: focal length {DEFAULT_FOCAL_PX:g} px of the "
            f"7-Scenes documentation was taken; state others as a 3x3 matrix in {INTRINSICS_FILE}."
        )
    with_photo = [(path, photo) for path in poses if (photo := _photo_of(path)) is not None]
    if len(with_photo) < len(poses):
        present = {path for path, _ in with_photo}
        absent = [path.relative_to(root).as_posix() for path in poses if path not in present]
        warnings.append(f"{examples(absent)} poses have no photo.")
    camera = _camera(root, [photo for _, photo in with_photo], intrinsics)
    files = [
        FrameFiles(
            pose=pose_path,
            photo_name=photo.relative_to(root).as_posix(),
            depth_name=_depth_of(pose_path).relative_to(root).as_posix(),
            camera=camera,
        )
        for pose_path, photo in with_photo
    ]
    faults: list[Fault] = []
    frames = listed_frames(root, files, faults)
    return assemble(
        root,
        _LAYOUT,
        frames,
        warnings=warnings,
        faults=faults,
        given_split=_read_split(root, [frame.name for frame in frames]),
    )


def _photo_of(pose_path: Path) -> Path | None:
    stem = pose_path.name.removesuffix(".pose.txt")
    paths = (pose_path.parent / f"{stem}.color.{suffix}" for suffix in ("png", "jpg"))
    return next((path for path in paths if path.is_file()), None)


def _depth_of(pose_path: Path) -> Path:
    return pose_path.with_name(f"{pose_path.name.removesuffix('.pose.txt')}.depth.png")


def _camera(
    root: Path, photos: Sequence[Path], intrinsics: Float64[np.ndarray, "3 3"] | None
) -> Camera:
    width, height = most_common_size(photos) or DEFAULT_SIZE
    if intrinsics is None:
        if (width, height) != DEFAULT_SIZE:
            raise DataError(
                str(root),
                f"has photos of {width} x {height} px and the layout states no intrinsics",
                f"Put the 3x3 matrix of the camera in {INTRINSICS_FILE}.",
            )
        params = (DEFAULT_FOCAL_PX, DEFAULT_FOCAL_PX, width / 2, height / 2)
    else:
        (fx, _, cx), (_, fy, cy) = intrinsics[0], intrinsics[1]
        params = (fx, fy, cx, cy)
    try:
        return Camera.pinhole(width, height, fx=params[0], fy=params[1], cx=params[2], cy=params[3])
    except CameraError as error:
        fault = error.faults[0]
        raise DataError(str(root / INTRINSICS_FILE), fault.reason, fault.remedy) from error


def _read_intrinsics(root: Path) -> Float64[np.ndarray, "3 3"] | None:
    path = root / INTRINSICS_FILE
    return read_matrix(path, shape=(3, 3)) if path.is_file() else None


def _read_split(root: Path, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return names to map and to query from the lists of sequences, None where they are missing.

    DataError on a malformed or empty list.
    """
    parts: list[tuple[str, ...]] = []
    for file_name in ("TrainSplit.txt", "TestSplit.txt"):
        if not (root / file_name).is_file():
            return None
        folders: set[str] = set()
        for row in table_rows(root / file_name):
            match = re.fullmatch(r"(?:sequence|seq-)(\d+)", "".join(row.fields))
            if match is None:
                raise DataError(row.subject, "is no sequence", "Write e.g. sequence1.")
            folders.add(f"seq-{int(match.group(1)):02d}")
        if not folders:
            raise DataError(str(root / file_name), "lists no sequence", "Restore the file.")
        parts.append(tuple(name for name in names if name.split("/")[0] in folders))
    return parts[0], parts[1]
