"""Files that are either whole or absent: temporary file, fsync, rename, fsync of the folder.

Folders too, without the fsync of what is in them.
"""

import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that readers see the old content or all of the new, also after a crash.

    No temporary file is left behind by an error or Ctrl-C. Raises OSError where the folder is
    missing, full or not writable.
    """
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextmanager
def new_folder(folder: Path) -> Generator[Path]:
    """Give an empty folder beside the new one; it takes its place once all is in it.

    Nothing is left behind by an error or Ctrl-C. Raises FileExistsError where the folder exists
    and is not empty, else OSError where it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} exists and is not an empty folder")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:
        whole = Path(place) / "whole"
        whole.mkdir()
        yield whole
        if folder.exists():
            folder.rmdir()
        whole.rename(folder)


def _sync_folder(folder: Path) -> None:
    # The rename itself lives in the folder, which Windows cannot open.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
