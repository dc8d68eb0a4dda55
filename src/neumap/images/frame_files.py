"""Scenes that keep each frame's pose in a file of its own -> listed frames.

7-Scenes, 12-Scenes, ScanNet and RIO10 differ in names and cameras, not in this.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import ListedFrame
from neumap.images.matrix_text import read_cam_from_world


@dataclass(frozen=True, kw_only=True)
class FrameFiles:
    """The files of one frame; names are paths below the scene's folder."""

    pose: Path | None
    """4x4 world_from_cam; None for a query whose pose is not known."""
    photo_name: str
    depth_name: str
    """Attached if the file exists."""
    camera: Camera | None
    """None where its file is at fault: the pose is then read for its faults alone."""
    depth_camera: Camera | None = None
    """Intrinsics of the depth pixels where the layout states them."""


def listed_frames(
    root: Path, frames: Iterable[FrameFiles], faults: list[Fault]
) -> list[ListedFrame]:
    """Read the poses; a malformed one is added to `faults` and its frame left out."""
    listed: list[ListedFrame] = []
    for frame in frames:
        try:
            pose = None if frame.pose is None else read_cam_from_world(frame.pose)
        except DataError as error:
            faults.extend(error.faults)
            continue
        if frame.camera is None:
            continue
        has_depth = (root / frame.depth_name).is_file()
        listed.append(
            ListedFrame(
                name=frame.photo_name,
                camera=frame.camera,
                cam_from_world=pose,
                depth_name=frame.depth_name if has_depth else None,
                depth_camera=frame.depth_camera,
            )
        )
    return listed
