"""Typical local descriptors, to which those of a photo are assigned."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int
from safetensors import SafetensorError
from safetensors.numpy import load, save

from neumap.atomic_file import write_atomically
from neumap.errors import OptionError

_NUM_ROUNDS = 40  # of Lloyd's iteration; the centres hardly move after half as many


@dataclass(frozen=True, eq=False)
class VisualWords:
    """Centres of clusters of local descriptors of many places, the same for every scene."""

    centres: Float32[np.ndarray, "word channel"]
    digest: str
    """First 12 digits of the SHA-256 of the centres."""

    @classmethod
    def of_centres(cls, centres: Float32[np.ndarray, "word channel"]) -> "VisualWords":
        """Name the centres by their hash."""
        return cls(centres, hashlib.sha256(centres.tobytes()).hexdigest()[:12])

    @classmethod
    def fit(
        cls, descriptors: Float32[np.ndarray, "n channel"], *, num_words: int, seed: int
    ) -> "VisualWords":
        """Cluster descriptors by k-means from random ones; ValueError on fewer than words."""
        if len(descriptors) < num_words:
            raise ValueError(f"{len(descriptors)} descriptors give no {num_words} words")
        rng = np.random.default_rng(seed)
        centres = descriptors[rng.permutation(len(descriptors))[:num_words]].copy()
        for _ in range(_NUM_ROUNDS):
            word = _nearest(descriptors, centres)
            count = np.bincount(word, minlength=num_words)
            sums = sums_by_word(descriptors, word, num_words=num_words)
            held = count > 0  # a word that nothing is nearest to stays where it is
            centres[held] = (sums[held] / count[held, None]).astype(np.float32)
        return cls.of_centres(centres)

    def words_of(self, descriptors: Float32[np.ndarray, "n channel"]) -> Int[np.ndarray, " n"]:
        """Return the nearest centre of each descriptor."""
        return _nearest(descriptors, self.centres)

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        write_atomically(path, save({"centres": self.centres}))

    @classmethod
    def read(cls, data: bytes, *, name: str) -> "VisualWords":
        """Take what `save` wrote; OptionError if the bytes are anything else."""
        try:
            centres = load(data)["centres"]
        except (SafetensorError, KeyError) as error:
            raise OptionError(name, f"cannot be read ({error})", _REMEDY) from error
        if centres.ndim != 2 or centres.dtype != np.float32 or not np.isfinite(centres).all():
            raise OptionError(name, "does not hold finite centres", _REMEDY)
        return cls.of_centres(centres)


_REMEDY = "Install the package again, or make the file with neumap.retrieval.fit_words."


@cache
def packaged_words() -> VisualWords:
    """Return the words in the package; docs/retrieval.md says what they were made from."""
    name = "visual_words.safetensors"
    return VisualWords.read((files("neumap") / "retrieval" / name).read_bytes(), name=name)


def sums_by_word(
    rows: Float32[np.ndarray, "n channel"], word: Int[np.ndarray, " n"], *, num_words: int
) -> Float[np.ndarray, "word channel"]:
    """Add up the rows of each word."""
    sums = [np.bincount(word, column, num_words) for column in rows.T]
    return np.stack(sums, axis=1).astype(np.float64)  # without any rows they would be integers


def _nearest(
    descriptors: Float32[np.ndarray, "n channel"], centres: Float32[np.ndarray, "word channel"]
) -> Int[np.ndarray, " n"]:
    """Index of the nearest centre: the largest of d c - |c|^2 / 2."""
    return (descriptors @ centres.T - 0.5 * (centres**2).sum(axis=1)).argmax(axis=1)
