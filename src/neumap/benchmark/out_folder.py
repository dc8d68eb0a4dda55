"""Folders of the results."""

from pathlib import Path

from neumap.errors import DataError


def make_folder(path: Path) -> Path:
    """Return the folder, made with those above it; DataError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be made a folder ({error.strerror or error})"
        raise DataError(str(path), reason, "Name another --out.") from error
    return path
