"""Bytes of a voxel's stream without coding it: the sums of log2 that its range coder adds up.

The counts of the values learn as they go, but what they cost in all depends on how often each value
was seen and not on when, so that a histogram is enough. The true size differs by a byte or two: a
stream ends at a whole byte.
"""

import math

import numpy as np
from jaxtyping import Int
from scipy.special import gammaln

from neumap.codes.halving_coder import bits_of_halvings
from neumap.codes.level_coder import SEEN, contexts_of, nearest_before, starting_counts
from neumap.codes.position_coder import morton_keys
from neumap.codes.varint import varint

_LOG2 = math.log(2.0)


def expected_bytes(
    positions: Int[np.ndarray, "code 3"],
    levels: Int[np.ndarray, "code value"],
    *,
    axis_bits: tuple[int, int, int],
    num_levels: int,
    halvings: Int[np.ndarray, " code"] | None = None,
) -> int:
    """Return the bytes that `encode_voxel` takes for sorted codes, to a byte or two."""
    bits = _position_bits(morton_keys(positions, axis_bits), sum(axis_bits))
    contexts = contexts_of(levels, nearest_before(positions), num_levels)
    bits += _level_bits(levels, contexts, num_levels)
    if halvings is not None:
        bits += bits_of_halvings(halvings)
    return 3 + len(varint(len(positions))) + math.ceil(bits / 8)


def _position_bits(keys: Int[np.ndarray, " code"], num_bits: int) -> float:
    """Sum over boxes with n > 1 codes of log2(n + 1), and what is left of each lone code's bits."""
    bits, num_lone = 0.0, 0
    for left in range(num_bits, 0, -1):
        first = np.flatnonzero(np.diff(keys >> left, prepend=-1))
        counts = np.diff(first, append=len(keys))
        is_lone = counts == 1
        bits += float(np.log2(counts[~is_lone] + 1.0).sum())
        bits += left * (int(is_lone.sum()) - num_lone)
        num_lone = int(is_lone.sum())
    return bits


def _level_bits(
    levels: Int[np.ndarray, "code value"],
    contexts: Int[np.ndarray, "code value"],
    num_levels: int,
) -> float:
    """Sum of log2(total / count) over all values, both growing by `SEEN` with each value."""
    used, table = np.unique(contexts, return_inverse=True)
    cells = table.reshape(levels.shape) * num_levels + levels
    seen = np.bincount(cells.ravel(), minlength=len(used) * num_levels)
    seen = seen.reshape(len(used), num_levels)
    start = np.array([starting_counts(num_levels, int(sum4)) for sum4 in used], dtype=np.int64)
    start = start.reshape(seen.shape)
    totals = _bits_of_growing(start.sum(axis=1), seen.sum(axis=1))
    return totals - _bits_of_growing(start, seen)


def _bits_of_growing(start: Int[np.ndarray, "..."], times: Int[np.ndarray, "..."]) -> float:
    """Sum of log2 of start, start + SEEN, ..., as many as `times` says."""
    first = start / SEEN
    return float(
        (times * math.log2(SEEN) + (gammaln(first + times) - gammaln(first)) / _LOG2).sum()
    )
