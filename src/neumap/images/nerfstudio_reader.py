"""nerfstudio and instant-ngp `transforms.json` -> ImageSet."""

from dataclasses import dataclass, replace
from math import tan
from pathlib import Path

from neumap.errors import DataError, Fault, NeumapError
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble, examples, path_inside
from neumap.images.input_json import JsonFields, frame_objects, read_json_object
from neumap.images.photo import photo_size
from neumap.images.pose_matrix import cam_from_world_of_opengl
from neumap.images.posed_image import ImageSet

FILE_NAME = "transforms.json"
PHOTO_SUFFIXES = ("", ".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG")
"""Tried in this order: NeRF files list photos without suffix."""

SIGN = f"{FILE_NAME} (nerfstudio)"

_LAYOUT = Layout(
    name="nerfstudio",
    units="unknown",
    convention=(
        "nerfstudio: world_from_cam matrices, OpenGL axes (x right, y up, z backward), pixel "
        "origin at the corner of the first pixel."
    ),
)
_MODELS = ("PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "OPENCV_FISHEYE")


@dataclass(frozen=True)
class _Missing:
    """A frame whose photo is not on disk and whose camera depends on the photo's size."""

    name: str


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds a transforms.json."""
    return (root / FILE_NAME).is_file()


def read(root: Path) -> ImageSet:
    """Read root/transforms.json; units are unknown unless depth pictures (metres) are listed.

    Raises DataError on malformed fields (all of them), or if none of the photos is on disk.
    """
    path = root / FILE_NAME
    content = read_json_object(path)
    frames: list[ListedFrame] = []
    absent: list[str] = []
    faults: list[Fault] = []
    for subject, entry in frame_objects(content, path, faults):
        try:
            frame = _read_frame(root, JsonFields(subject, (entry, content)))
        except NeumapError as error:
            faults.extend(_placed(fault, subject) for fault in error.faults)
            continue
        if isinstance(frame, _Missing):
            absent.append(frame.name)
        else:
            frames.append(frame)
    if not frames and absent and not faults:
        raise DataError(
            str(path), f"none of the {len(absent)} listed photos is on disk", "Add the photos."
        )
    has_depth = bool(frames) and all(frame.depth_name for frame in frames)
    warnings = (f"{examples(absent)} listed photos are missing.",) if absent else ()
    return assemble(
        root,
        replace(_LAYOUT, units="metre" if has_depth else "unknown"),
        frames,
        warnings=warnings,
        faults=faults,
    )


def _placed(fault: Fault, subject: str) -> Fault:
    """Name the frame in a fault that names only the camera or the photo."""
    if fault.subject.startswith(subject):
        return fault
    return Fault(f"{subject}, {fault.subject}", fault.reason, fault.remedy)


def _read_frame(root: Path, fields: JsonFields) -> ListedFrame | _Missing:
    name = _existing_name(root, fields.need_text("file_path").removeprefix("./"))
    pose = cam_from_world_of_opengl(fields.matrix("transform_matrix"))
    depth_name = fields.text("depth_file_path")
    width, height = fields.size("w"), fields.size("h")
    if width is None or height is None:
        path = path_inside(root, name)
        if not path.is_file():
            return _Missing(name)
        width, height = photo_size(path)
    return ListedFrame(
        name=name,
        camera=_camera(fields, width, height),
        cam_from_world=pose,
        depth_name=depth_name.removeprefix("./") if depth_name else None,
    )


def _existing_name(root: Path, name: str) -> str:
    """Return the listed name with the suffix under which the photo is on disk."""
    path_inside(root, name)
    for suffix in PHOTO_SUFFIXES:
        if (root / (name + suffix)).is_file():
            return name + suffix
    return name


def _camera(fields: JsonFields, width: int, height: int) -> Camera:
    fx = fields.number("fl_x") or _focal(fields, "camera_angle_x", width)
    fy = fields.number("fl_y") or _focal(fields, "camera_angle_y", height) or fx
    if fx is None or fy is None:
        raise fields.wrong("fl_x", "is missing, and so is camera_angle_x")
    cx, cy = fields.number("cx"), fields.number("cy")
    base = (fx, fy, width / 2 if cx is None else cx, height / 2 if cy is None else cy)
    k1, k2, k3, k4, p1, p2 = (fields.number(n) or 0.0 for n in ("k1", "k2", "k3", "k4", "p1", "p2"))
    model = fields.text("camera_model") or "OPENCV"
    if model not in _MODELS:
        raise fields.wrong("camera_model", f"{model} is not one of {', '.join(_MODELS)}")
    if model == "OPENCV_FISHEYE" or fields.get("is_fisheye") is True:
        return Camera("OPENCV_FISHEYE", width, height, (*base, k1, k2, k3, k4))
    if k4:
        raise fields.wrong("k4", "has no counterpart in a perspective camera model")
    if k3:
        return Camera("FULL_OPENCV", width, height, (*base, k1, k2, p1, p2, k3, 0.0, 0.0, 0.0))
    if k1 or k2 or p1 or p2:
        return Camera("OPENCV", width, height, (*base, k1, k2, p1, p2))
    return Camera("PINHOLE", width, height, base)


def _focal(fields: JsonFields, name: str, size_px: int) -> float | None:
    angle_rad = fields.number(name)
    if angle_rad is None:
        return None
    if not 0 < angle_rad < 3.1:
        raise fields.wrong(name, f"{angle_rad} is not a field of view in radians")
    return 0.5 * size_px / tan(0.5 * angle_rad)
