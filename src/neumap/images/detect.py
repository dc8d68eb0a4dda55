"""Which layout a folder has, and the one entry to all readers."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from neumap.errors import DataError, OptionError
from neumap.images import (
    aachen_reader,
    arkitscenes_reader,
    cambridge_reader,
    capture_reader,
    colmap_reader,
    dsacstar_reader,
    euroc_reader,
    indoor6_reader,
    kapture_reader,
    nerfstudio_reader,
    nvm_reader,
    polycam_reader,
    pseudo_truth_reader,
    record3d_reader,
    rio10_reader,
    scannet_reader,
    seven_scenes_reader,
    tum_reader,
    twelve_scenes_reader,
)
from neumap.images.checks import check_image_set
from neumap.images.posed_image import ImageSet


class Reader(Protocol):
    """What the module of each layout offers."""

    @property
    def SIGN(self) -> str:
        """The files that tell the layout, and its name in brackets."""
        ...

    def is_layout(self, root: Path) -> bool:
        """Tell whether the folder has the layout."""
        ...

    def read(self, root: Path) -> ImageSet:
        """Read the folder; DataError lists every fault."""
        ...


_READERS: dict[str, Reader] = {
    "capture": capture_reader,
    "nerfstudio": nerfstudio_reader,
    "pseudo-truth": pseudo_truth_reader,
    "7scenes": seven_scenes_reader,
    "12scenes": twelve_scenes_reader,
    "rio10": rio10_reader,
    "scannet": scannet_reader,
    "indoor6": indoor6_reader,
    "tum": tum_reader,
    "euroc": euroc_reader,
    "arkitscenes": arkitscenes_reader,
    "polycam": polycam_reader,
    "record3d": record3d_reader,
    "dsacstar": dsacstar_reader,
    "cambridge": cambridge_reader,
    "kapture": kapture_reader,
    "aachen": aachen_reader,
    "colmap": colmap_reader,
    "nvm": nvm_reader,
}
LAYOUTS = tuple(_READERS)
"""Names of the layouts, in the order in which they are looked for."""
INCLUDES = {"cambridge": ("nvm",), "pseudo-truth": ("7scenes", "12scenes")}
"""Layouts whose folders always have the signs of others too."""


def read_images(root: Path, *, layout: str | None = None) -> ImageSet:
    """Read and check the data set of a folder, its layout detected unless it is named.

    Where several layouts are found the first of LAYOUTS is read and the others are named in a
    warning. Raises OptionError on an unknown layout name, DataError on a folder without a known
    layout, and whatever the reader and `check_image_set` raise.
    """
    if layout is not None and layout not in _READERS:
        raise OptionError("layout", f"{layout!r} is unknown", f"Use one of {', '.join(LAYOUTS)}.")
    if not root.is_dir():
        reason = "is not a folder" if root.exists() else "does not exist"
        raise DataError(str(root), reason, "Name the folder of the data set.")
    if layout is not None:
        return check_image_set(_READERS[layout].read(root))
    found = detect_layouts(root)
    if not found:
        raise _unknown(root)
    image_set = _READERS[found[0]].read(root)
    others = [name for name in found[1:] if name not in INCLUDES.get(found[0], ())]
    if others:
        sentence = f"The folder also has the layout {', '.join(others)}; {found[0]} was read."
        image_set = replace(image_set, warnings=(*image_set.warnings, sentence))
    return check_image_set(image_set)


def detect_layouts(root: Path) -> tuple[str, ...]:
    """Return the names of all layouts that the folder has, in the order of LAYOUTS."""
    return tuple(name for name, reader in _READERS.items() if reader.is_layout(root))


def _unknown(root: Path) -> DataError:
    signs = ", ".join(reader.SIGN for reader in _READERS.values())
    remedy = f"Looked for: {signs}."
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
