"""Record3D exports (metadata with rgb/*.jpg or rgbd/*.jpg) -> ImageSet.

The metadata hold `w`, `h`, the 3x3 matrix `K` column by column, perhaps `perFrameIntrinsicCoeffs`
(fx fy cx cy), and `poses`: quaternion (scalar last) and position of world_from_cam, one for each
photo in the order of their numbers. Depth (.exr or .depth) is not read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble
from neumap.images.colmap_model import pose_of
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_json import JsonFields, read_json_object
from neumap.images.pose_matrix import cam_from_world_of_opengl
from neumap.images.posed_image import ImageSet

METADATA = ("metadata.json", "metadata")
FOLDERS = ("rgb", "rgbd")
PHOTO_SUFFIXES = (".jpg", ".png")
SIGN = "metadata.json or metadata with rgb or rgbd (record3d)"

_LAYOUT = Layout(
    name="record3d",
    units="metre",
    convention=(
        "Record3D: world_from_cam as quaternion (scalar last) and position in metres, ARKit axes "
        "(x right, y up, z backward), pixel origin at the corner of the first pixel."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is an unpacked export of Record3D."""
    return _first(root, METADATA) is not None and _first(root, FOLDERS) is not None


def read(root: Path) -> ImageSet:
    """Read the photos, in metres.

    Raises DataError on malformed metadata, or if no photo is on disk.
    """
    path, folder = _first(root, METADATA), _first(root, FOLDERS)
    if path is None or folder is None:
        raise DataError(str(root), f"lacks {SIGN}", "Unpack the export.")
    fields = JsonFields(str(path), (read_json_object(path),))
    width, height = fields.size("w"), fields.size("h")
    if width is None or height is None:
        raise fields.wrong("w" if width is None else "h", "is missing")
    poses = _table(fields, "poses", columns=7)
    intrinsics = _intrinsics(fields, num_frames=len(poses))
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    for index, (pose, (fx, fy, cx, cy)) in enumerate(zip(poses, intrinsics, strict=True)):
        subject = f"{path}, poses[{index}]"
        with CollectFaults(faults, of=subject):
            frames.append(
                ListedFrame(
                    name=_photo_name(root, folder.name, index),
                    camera=Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx, cy=cy),
                    cam_from_world=cam_from_world_of_opengl(
                        pose_of(pose[[3, 0, 1, 2]], pose[4:], subject=subject).matrix
                    ),
                )
            )
    return assemble(root, _LAYOUT, frames, faults=faults)


def _first(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).exists()), None)


def _photo_name(root: Path, folder: str, index: int) -> str:
    names = [f"{folder}/{index}{suffix}" for suffix in PHOTO_SUFFIXES]
    return next((name for name in names if (root / name).is_file()), names[0])


def _table(fields: JsonFields, name: str, *, columns: int) -> Float64[np.ndarray, "row column"]:
    """Return a list of rows of numbers; DataError if it is anything else or empty."""
    rows = fields.get(name)
    try:
        table = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise fields.wrong(name, "is not a list of rows of numbers") from error
    if table.ndim != 2 or table.shape[1] != columns:
        raise fields.wrong(name, f"is not a list of rows of {columns} numbers")
    return table


def _intrinsics(fields: JsonFields, *, num_frames: int) -> Float64[np.ndarray, "frame 4"]:
    """Return fx fy cx cy for each frame, those of K where there are none for each."""
    if fields.get("perFrameIntrinsicCoeffs"):
        table = _table(fields, "perFrameIntrinsicCoeffs", columns=4)
        if len(table) != num_frames:
            reason = f"has {len(table)} rows for {num_frames} poses"
            raise fields.wrong("perFrameIntrinsicCoeffs", reason)
        return table
    flat = cast(Any, fields.get("K"))  # Any: JSON, checked as a table of one row
    k = _table(JsonFields(fields.subject, ({"K": [flat]},)), "K", columns=9)[0]
    return np.tile(k[[0, 4, 6, 7]], (num_frames, 1))
