"""Ways to match the key-points of a photo with those of a stored one."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from neumap.features import LocalFeatures
from neumap.features.matching import mutual_nearest

Matches = tuple[Int[np.ndarray, "match 2"], Float32[np.ndarray, " match"]]
"""Pairs (key-point of the first, of the second photo) and the confidence of each in [0, 1]."""


@dataclass(frozen=True, eq=False)
class SizedFeatures:
    """Key-points of a photo with its size."""

    features: LocalFeatures
    size: tuple[int, int]
    """Width and height in pixels."""


@runtime_checkable
class PairMatcher(Protocol):
    """Matches two photos."""

    def match(self, query: SizedFeatures, stored: SizedFeatures) -> Matches:
        """Return pairs, each key-point in at most one of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class MutualNearestMatcher:
    """Each other's best by cosine; confidence is the cosine."""

    min_similarity: float = -1.0

    def match(self, query: SizedFeatures, stored: SizedFeatures) -> Matches:
        """Return mutual nearest neighbours of at least the least similarity."""
        pairs, similarity = mutual_nearest(
            query.features.descriptors,
            stored.features.descriptors,
            min_similarity=self.min_similarity,
        )
        return pairs, np.clip(similarity, 0, 1)
