"""`cameras.json` with undistorted photos -> ImageSet: the project's own simple layout.

`{"gt": text, "convention": text, "units": "metre" or "unknown" (optional), "frames": [{"file",
"w", "h", "fx", "fy", "cx", "cy", "T_wc" (null for a query without truth), "depth" (optional)}]}`
"""

from dataclasses import replace
from pathlib import Path

from neumap.errors import Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_json import JsonFields, frame_objects, read_json_object
from neumap.images.pose_matrix import inverse_of_given
from neumap.images.posed_image import ImageSet, Units

FILE_NAME = "cameras.json"

SIGN = f"{FILE_NAME} (capture)"

_LAYOUT = Layout(
    name="capture",
    units="unknown",
    convention=(
        "capture: world_from_cam matrices T_wc, OpenCV axes, pixel origin at the corner of the "
        "first pixel; depth in millimetres, read as registered to the photo."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds the project's own file."""
    return (root / FILE_NAME).is_file()


def read(root: Path) -> ImageSet:
    """Read root/cameras.json; units are metre unless the file says otherwise.

    Raises DataError on malformed fields (all of them), or if none of the photos is on disk.
    """
    path = root / FILE_NAME
    content = read_json_object(path)
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    for subject, entry in frame_objects(content, path, faults):
        with CollectFaults(faults, of=subject):
            frames.append(_read_frame(JsonFields(subject, (entry,))))
    return assemble(
        root,
        replace(_LAYOUT, units=_units(JsonFields(str(path), (content,)))),
        frames,
        faults=faults,
    )


def _read_frame(fields: JsonFields) -> ListedFrame:
    width, height = fields.size("w"), fields.size("h")
    if width is None or height is None:
        raise fields.wrong("w" if width is None else "h", "is missing")
    fx, fy, cx, cy = (fields.need_number(name) for name in ("fx", "fy", "cx", "cy"))
    pose = None
    if fields.get("T_wc") is not None:
        pose = inverse_of_given(RigidTransform.from_matrix(fields.matrix("T_wc")))
    return ListedFrame(
        name=fields.need_text("file"),
        camera=Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx, cy=cy),
        cam_from_world=pose,
        depth_name=fields.text("depth"),
    )


def _units(fields: JsonFields) -> Units:
    stated = fields.text("units")
    if stated is None:
        return "unknown" if "arbitrary scale" in (fields.text("gt") or "") else "metre"
    if stated == "metre":
        return "metre"
    if stated == "unknown":
        return "unknown"
    raise fields.wrong("units", f"{stated!r} is neither metre nor unknown")
