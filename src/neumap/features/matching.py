"""Mutual nearest neighbours between two sets of descriptors."""

import numpy as np
import torch
from jaxtyping import Float32, Int


def mutual_nearest(
    descriptors_a: Float32[np.ndarray, "a channel"],
    descriptors_b: Float32[np.ndarray, "b channel"],
    *,
    min_similarity: float = -1.0,
) -> tuple[Int[np.ndarray, "match 2"], Float32[np.ndarray, " match"]]:
    """Pairs (index in a, index in b) that are each other's best by dot product, and its value."""
    if len(descriptors_a) == 0 or len(descriptors_b) == 0:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.float32)
    similarity_AB = (torch.from_numpy(descriptors_a) @ torch.from_numpy(descriptors_b).T).numpy()
    # Along contiguous rows numpy finds the best several times faster than torch.
    best_b_A = similarity_AB.argmax(axis=1)
    value_A = similarity_AB[np.arange(len(best_b_A)), best_b_A]
    is_mutual = (value_A == similarity_AB.max(axis=0)[best_b_A]) & (value_A >= min_similarity)
    matched = np.flatnonzero(is_mutual)
    # Of equals in a, the first is the best.
    matched = matched[np.sort(np.unique(best_b_A[matched], return_index=True)[1])]
    return np.stack([matched, best_b_A[matched]], axis=1), value_A[matched]
