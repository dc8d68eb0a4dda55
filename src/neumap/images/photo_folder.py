"""Where the photos of a model lie: models list names below a folder that they do not state."""

from collections.abc import Iterable
from pathlib import Path

from neumap.errors import DataError
from neumap.images.assembly import path_inside


def photo_prefix(root: Path, names: Iterable[str], folders: tuple[str, ...]) -> str:
    """Return the folder below root that holds most of the names, as their prefix.

    The first of equals wins; "." becomes the empty prefix.
    """
    listed = tuple(names)

    def num_present(folder: str) -> int:
        return sum(_is_present(root, f"{folder}/{name}") for name in listed)

    best = max(folders, key=num_present)
    return "" if best == "." else f"{best}/"


def _is_present(root: Path, name: str) -> bool:
    try:
        return path_inside(root, name).is_file()
    except DataError:
        return False
