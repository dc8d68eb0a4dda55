"""Features kept on disk, so that a photo is described once for each extractor and its settings.

One safetensors file a photo. Its last tensor is the SHA-256 of the key and of all bytes before it:
a file that is cut, flipped, or moved to another key is noticed before it is parsed.
"""

import hashlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from neumap.atomic_file import write_atomically
from neumap.errors import DataError, OptionError
from neumap.features.extractor import AbstractExtractor
from neumap.features.local_features import LocalFeatures
from neumap.images.photo import load_photo, photo_size
from neumap.images.posed_image import PosedImage

_VERSION = "neumap features 1"
_DIGEST_BYTES = 32


class FeatureCache:
    """An extractor that remembers; several processes may share one folder.

    Features come back bit by bit as they were computed (float32 descriptors), so a map does not
    depend on what the cache held. Raises OptionError if the folder cannot be made.
    """

    def __init__(self, folder: Path, extractor: AbstractExtractor) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"is no folder and cannot be made one ({error.strerror})"
            raise OptionError(str(folder), reason, "Name another cache folder.") from error
        self._folder = folder
        self._extractor = extractor

    def describe(self, image: PosedImage) -> LocalFeatures:
        """Return the photo's features from the cache, or compute and keep them.

        A damaged cache file is computed again and replaced. Raises PhotoError on an unreadable
        photo and DataError if the folder cannot be written.
        """
        key = self._key(image.path)
        path = self._folder / f"{key}.safetensors"
        known = _read(path, key)
        if known is not None:
            return known
        features = self._extractor.extract(load_photo(image.path))
        try:
            write_atomically(path, _to_bytes(features, key))
        except OSError as error:
            reason = f"cannot be written ({error.strerror})"
            raise DataError(
                str(path), reason, "Free space, or use another cache folder."
            ) from error
        return features

    def _key(self, photo: Path) -> str:
        photo_size(photo)  # raises PhotoError on what is missing, too large or no photo
        with photo.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        return hashlib.sha256(
            f"{_VERSION}\n{content}\n{self._extractor.identity}".encode()
        ).hexdigest()


def _to_bytes(features: LocalFeatures, key: str) -> bytes:
    # safetensors places wide elements first, so the bytes of the digest are the last of the file.
    data = save(
        {
            "xy_img": np.ascontiguousarray(features.xy_img),
            "descriptors": np.ascontiguousarray(features.descriptors),
            "scores": np.ascontiguousarray(features.scores),
            "sha256": np.zeros(_DIGEST_BYTES, dtype=np.uint8),
        }
    )[:-_DIGEST_BYTES]
    return data + _digest(data, key)


def _read(path: Path, key: str) -> LocalFeatures | None:
    """Features of a whole and unchanged file, else None."""
    try:
        data = path.read_bytes()
        if data[-_DIGEST_BYTES:] != _digest(data[:-_DIGEST_BYTES], key):
            return None
        tensors = load(data)
    except (OSError, SafetensorError):
        return None
    # Copies, because the tensors are read-only views of the file's bytes.
    return LocalFeatures(
        tensors["xy_img"].copy(), tensors["descriptors"].copy(), tensors["scores"].copy()
    )


def _digest(data: bytes, key: str) -> bytes:
    return hashlib.sha256(key.encode() + data).digest()
