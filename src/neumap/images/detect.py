"""Which layout a folder has, and the one entry to all readers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from neumap.errors import DataError, OptionError
from neumap.images import (
    capture_reader,
    colmap_reader,
    nerfstudio_reader,
    seven_scenes_reader,
    tum_reader,
)
from neumap.images.checks import check_image_set
from neumap.images.posed_image import ImageSet


def _is_capture(root: Path) -> bool:
    return (root / capture_reader.FILE_NAME).is_file()


def _is_nerfstudio(root: Path) -> bool:
    return (root / nerfstudio_reader.FILE_NAME).is_file()


def _is_seven_scenes(root: Path) -> bool:
    patterns = ("seq-*/frame-*.pose.txt", "frame-*.pose.txt")
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)


def _is_tum(root: Path) -> bool:
    return all((root / name).is_file() for name in ("rgb.txt", "groundtruth.txt"))


def _is_colmap(root: Path) -> bool:
    return colmap_reader.find_model(root) is not None


_LAYOUTS: dict[str, tuple[Callable[[Path], bool], Callable[[Path], ImageSet]]] = {
    "capture": (_is_capture, capture_reader.read),
    "nerfstudio": (_is_nerfstudio, nerfstudio_reader.read),
    "7scenes": (_is_seven_scenes, seven_scenes_reader.read),
    "tum": (_is_tum, tum_reader.read),
    "colmap": (_is_colmap, colmap_reader.read),
}
LAYOUTS = tuple(_LAYOUTS)
"""Names of the layouts, in the order in which they are looked for."""

_SIGNS = (
    "cameras.json (capture), transforms.json (nerfstudio), [seq-*/]frame-*.pose.txt (7scenes), "
    "rgb.txt and groundtruth.txt (tum), "
    "cameras and images as .bin or .txt, also in sparse/0 (colmap)"
)


def read_images(root: Path, *, layout: str | None = None) -> ImageSet:
    """Read and check the data set of a folder, its layout detected unless it is named.

    Where several layouts are found the first of LAYOUTS is read and the others are named in a
    warning. Raises OptionError on an unknown layout name, DataError on a folder without a known
    layout, and whatever the reader and `check_image_set` raise.
    """
    if layout is not None and layout not in _LAYOUTS:
        raise OptionError("layout", f"{layout!r} is unknown", f"Use one of {', '.join(LAYOUTS)}.")
    if not root.is_dir():
        reason = "is not a folder" if root.exists() else "does not exist"
        raise DataError(str(root), reason, "Name the folder of the data set.")
    if layout is not None:
        return check_image_set(_LAYOUTS[layout][1](root))
    found = detect_layouts(root)
    if not found:
        raise _unknown(root)
    image_set = _LAYOUTS[found[0]][1](root)
    if len(found) > 1:
        sentence = f"The folder also has the layout {', '.join(found[1:])}; {found[0]} was read."
        image_set = replace(image_set, warnings=(*image_set.warnings, sentence))
    return check_image_set(image_set)


def detect_layouts(root: Path) -> tuple[str, ...]:
    """Return the names of all layouts that the folder has, in the order of LAYOUTS."""
    return tuple(name for name, (is_layout, _) in _LAYOUTS.items() if is_layout(root))


def _unknown(root: Path) -> DataError:
    remedy = f"Looked for: {_SIGNS}."
    if any((root / "sensors" / f"{name}.txt").is_file() for name in ("sensors", "trajectories")):
        return DataError(str(root), "kapture/NVM is not read yet", "Export it as a COLMAP model.")
    if any(next(root.glob(f"{folder}*.nvm"), None) is not None for folder in ("", "3D-models/")):
        return DataError(str(root), "kapture/NVM is not read yet", "Convert it to a COLMAP model.")
    below = [child for child in sorted(root.iterdir()) if child.is_dir() and detect_layouts(child)]
    if below:
        reason = f"has no known layout itself, but {below[0].name} below it has"
        return DataError(str(root), reason, f"Name {below[0]} instead.")
    if next(root.iterdir(), None) is None:
        return DataError(str(root), "is empty", remedy)
    return DataError(
        str(root),
        "has no known layout",
        f"{remedy} A folder of bare photos can be posed first with --poses sfm.",
    )
