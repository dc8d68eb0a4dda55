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
    similarity_AB = torch.from_numpy(descriptors_a) @ torch.from_numpy(descriptors_b).T
    best_value_A, best_b_A = similarity_AB.max(dim=1)
    best_a_B = similarity_AB.argmax(dim=0)
    rows = torch.arange(len(best_b_A))
    keep = (best_a_B[best_b_A] == rows) & (best_value_A >= min_similarity)
    pairs = torch.stack([rows[keep], best_b_A[keep]], dim=1)
    return pairs.numpy(), best_value_A[keep].numpy()
