"""The camera a user names on the command line."""

import json
from pathlib import Path
from typing import Any

from neumap.errors import CameraError
from neumap.geometry import Camera

_REMEDY = (
    "Write MODEL,width,height,params..., e.g. PINHOLE,640,480,525,525,320,240, or a JSON file "
    '{"model": "PINHOLE", "width": 640, "height": 480, "params": [525, 525, 320, 240]}.'
)


def read_camera_option(text: str) -> Camera:
    """Return the camera of `MODEL,w,h,params...` or of a JSON file with those four fields.

    Raises CameraError that names what is wrong.
    """
    if text.endswith(".json"):
        return _from_file(Path(text))
    model, *numbers = (part.strip() for part in text.split(","))
    try:
        width, height = int(numbers[0]), int(numbers[1])
        params = tuple(float(number) for number in numbers[2:])
    except (ValueError, IndexError) as error:
        raise CameraError(f"--camera {text}", f"cannot be read ({error})", _REMEDY) from error
    return Camera(model.upper(), width, height, params)


def _from_file(path: Path) -> Camera:
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))  # Any: JSON, checked below
    except (OSError, ValueError) as error:
        raise CameraError(str(path), f"cannot be read as JSON ({error})", _REMEDY) from error
    if not isinstance(raw, dict) or set(raw) != {"model", "width", "height", "params"}:
        raise CameraError(
            str(path), "the fields are not exactly model, width, height, params", _REMEDY
        )
    try:
        params = tuple(float(value) for value in raw["params"])
        return Camera(str(raw["model"]), int(raw["width"]), int(raw["height"]), params)
    except (TypeError, ValueError) as error:
        raise CameraError(str(path), f"a field is not a number ({error})", _REMEDY) from error
