"""Text files that are either complete or absent: temporary file, fsync, rename."""

import os
import tempfile
from pathlib import Path

from neumap.errors import DataError


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text so that readers see the old file or the whole new one.

    An interruption (Ctrl-C included) leaves no temporary file behind. Raises DataError where the
    folder is missing or cannot be written.
    """
    try:
        handle, temporary_name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise DataError(
            str(path), f"cannot be written ({error.strerror})", "Choose a folder you may write to."
        ) from error
    temporary = Path(temporary_name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)  # mkstemp makes files that only their owner can read
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            str(path), f"cannot be written ({error.strerror})", "Free some space or choose another."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
