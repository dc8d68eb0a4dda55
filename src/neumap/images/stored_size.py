"""Sizes of photos on disk, for layouts that state intrinsics but no photo size."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from neumap.errors import PhotoError
from neumap.images.photo import photo_size


def stored_size(photo: Path) -> tuple[int, int] | None:
    """Return (width, height), None where the photo is missing or unreadable.

    `assemble` counts missing photos and `checks` states the fault of unreadable ones.
    """
    with suppress(PhotoError):
        return photo_size(photo)
    return None


def most_common_size(photos: Iterable[Path]) -> tuple[int, int] | None:
    """Return (width, height) of most photos, None if none can be read.

    A photo of another size is then scaled or refused against it.
    """
    sizes = Counter(size for photo in photos if (size := stored_size(photo)) is not None)
    return sizes.most_common(1)[0][0] if sizes else None
