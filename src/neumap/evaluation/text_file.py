"""Text files and folders of them that are either complete or absent, with typed errors."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from neumap.atomic_file import write_atomically
from neumap.errors import DataError

_REMEDY = "Choose an existing folder with free space that you may write to."


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text so that readers see the old file or the whole new one.

    Raises DataError where the folder is missing, full or cannot be written.
    """
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def write_folder_atomically(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a new folder of UTF-8 files (path below the folder to text).

    Raises DataError where the folder exists and is not empty, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(str(folder), "exists and is not an empty folder", "Name a new folder.")
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:
            whole = Path(place) / "whole"
            for name, text in texts.items():
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(whole / name, text.encode("utf-8"))
            if folder.exists():
                folder.rmdir()
            whole.rename(folder)
    except OSError as error:
        raise _cannot_be_written(folder, error) from error


def _cannot_be_written(path: Path, error: OSError) -> DataError:
    return DataError(str(path), f"cannot be written ({error.strerror or error})", _REMEDY)
