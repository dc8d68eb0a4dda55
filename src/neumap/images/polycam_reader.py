"""Polycam raw exports (keyframes/cameras/*.json with keyframes/images/*.jpg) -> ImageSet.

Each JSON file holds `width, height, fx, fy, cx, cy` and `t_00` to `t_23`, the rows of
world_from_cam in ARKit's axes. Corrected cameras, which Polycam has adjusted, are preferred.
"""

from pathlib import Path

import numpy as np

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_json import JsonFields, read_json_object
from neumap.images.pose_matrix import cam_from_world_of_opengl
from neumap.images.posed_image import ImageSet

FOLDERS = (("corrected_cameras", "corrected_images"), ("cameras", "images"))
"""Cameras and their photos below keyframes, first match wins."""
PHOTO_SUFFIXES = (".jpg", ".png")
SIGN = "keyframes/cameras or keyframes/corrected_cameras (polycam)"

_LAYOUT = Layout(
    name="polycam",
    units="metre",
    convention=(
        "Polycam: world_from_cam matrices in metres, ARKit axes (x right, y up, z backward), "
        "pixel origin at the corner of the first pixel; depth in millimetres, registered."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a raw export of Polycam."""
    return _folders(root) is not None


def read(root: Path) -> ImageSet:
    """Read the key-frames, in metres.

    Raises DataError on malformed JSON files (all of them), or if no photo is on disk.
    """
    found = _folders(root)
    if found is None:
        raise DataError(str(root), f"lacks {SIGN}", "Export the capture as raw data.")
    cameras, images = found
    frames: list[ListedFrame] = []
    absent: list[str] = []
    faults: list[Fault] = []
    for path in sorted((root / cameras).glob("*.json")):
        names = (f"{images}/{path.stem}{suffix}" for suffix in PHOTO_SUFFIXES)
        name = next((name for name in names if (root / name).is_file()), None)
        if name is None:
            absent.append(path.name)
            continue
        depth_name = f"keyframes/depth/{path.stem}.png"
        with CollectFaults(faults, of=str(path)):
            fields = JsonFields(str(path), (read_json_object(path),))
            frame = _read_frame(fields, name, depth_name if (root / depth_name).is_file() else None)
            frames.append(frame)
    warnings = (f"{examples(absent)} cameras have no photo.",) if absent else ()
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)


def _folders(root: Path) -> tuple[str, str] | None:
    for cameras, images in FOLDERS:
        if next((root / "keyframes" / cameras).glob("*.json"), None) is not None:
            return f"keyframes/{cameras}", f"keyframes/{images}"
    return None


def _read_frame(fields: JsonFields, name: str, depth_name: str | None) -> ListedFrame:
    width, height = fields.size("width"), fields.size("height")
    if width is None or height is None:
        raise fields.wrong("width" if width is None else "height", "is missing")
    fx, fy, cx, cy = (fields.need_number(key) for key in ("fx", "fy", "cx", "cy"))
    matrix = np.array(
        [[fields.need_number(f"t_{row}{column}") for column in range(4)] for row in range(3)]
    )
    return ListedFrame(
        name=name,
        camera=Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx, cy=cy),
        cam_from_world=cam_from_world_of_opengl(matrix),
        depth_name=depth_name,
    )
