"""A vector of a whole photo from its local descriptors: VLAD (Jegou et al., CVPR 2010).

The vocabulary is learned from the mapped photos; residuals are normalised word by word, then by
their square roots (Arandjelovic and Zisserman, CVPR 2013, section 4.2; Jegou and Chum, 2012).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int

_NUM_WORDS = 32
_NUM_TRAINED = 40_000  # descriptors that the vocabulary is learned from
_NUM_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Visual words: centres of k-means, unit length."""

    words: Float32[np.ndarray, "word channel"]

    @classmethod
    def fit(
        cls, descriptors: Float32[np.ndarray, "pixel channel"], generator: np.random.Generator
    ) -> "Vocabulary":
        """Cluster unit descriptors by cosine (at least one of them)."""
        count = min(len(descriptors), _NUM_TRAINED)
        chosen = generator.choice(len(descriptors), count, replace=False)
        data = descriptors[chosen]
        words = data[: min(_NUM_WORDS, count)].copy()
        for _ in range(_NUM_ROUNDS):
            word_idx = _nearest(data, words)
            sums = np.zeros_like(words)
            np.add.at(sums, word_idx, data)
            is_used = np.linalg.norm(sums, axis=1) > 0
            words[is_used] = _unit_rows(sums[is_used])
        return cls(words)

    def vector(
        self, descriptors: Float32[np.ndarray, "pixel channel"]
    ) -> Float32[np.ndarray, " value"]:
        """Aggregate a photo's descriptors to a unit vector; zeros for a photo without any."""
        residuals = np.zeros_like(self.words)
        if len(descriptors):
            word_idx = _nearest(descriptors, self.words)
            np.add.at(residuals, word_idx, descriptors - self.words[word_idx])
        flat = _unit_rows(residuals).reshape(1, -1)
        return _unit_rows(np.sign(flat) * np.sqrt(np.abs(flat)))[0]


def _nearest(
    descriptors: Float32[np.ndarray, "pixel channel"], words: Float32[np.ndarray, "word channel"]
) -> Int[np.ndarray, " pixel"]:
    similarity = torch.from_numpy(descriptors) @ torch.from_numpy(words).T
    return similarity.argmax(dim=1).numpy()


def _unit_rows(rows: Float32[np.ndarray, "row value"]) -> Float32[np.ndarray, "row value"]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
