"""Text files that are either complete or absent, with typed errors."""

from pathlib import Path

from neumap.atomic_file import write_atomically
from neumap.errors import DataError


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text so that readers see the old file or the whole new one.

    Raises DataError where the folder is missing, full or cannot be written.
    """
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise DataError(
            str(path),
            f"cannot be written ({error.strerror or error})",
            "Choose an existing folder with free space that you may write to.",
        ) from error
