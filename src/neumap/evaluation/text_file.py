"""Text files and folders of them that are either complete or absent, with typed errors."""

from collections.abc import Mapping
from pathlib import Path

from neumap.atomic_file import new_folder, write_atomically
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
    try:
        with new_folder(folder) as whole:
            for name, text in texts.items():
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(whole / name, text.encode("utf-8"))
    except FileExistsError as error:
        reason = "exists and is not an empty folder"
        raise DataError(str(folder), reason, "Name a new folder.") from error
    except OSError as error:
        raise _cannot_be_written(folder, error) from error


def _cannot_be_written(path: Path, error: OSError) -> DataError:
    return DataError(str(path), f"cannot be written ({error.strerror or error})", _REMEDY)
