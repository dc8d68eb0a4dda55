"""Pairs of positions that lie near each other in an image, and the mutually best among them."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree


def near_pairs(
    xy_a: Float[np.ndarray, "a 2"], xy_b: Float[np.ndarray, "b 2"], *, radius: float, most: int
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Indices (in a, in b) of positions closer than the radius; for each a the `most` nearest."""
    if len(xy_a) == 0 or len(xy_b) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if most < 2:
        raise ValueError(f"most is {most}, expected at least 2")  # for 1, SciPy drops an axis
    # an infinite distance where fewer are near
    distance, nearest = KDTree(xy_b).query(xy_a, k=most, distance_upper_bound=radius)
    row, column = np.nonzero(np.isfinite(np.asarray(distance)))
    return row, np.asarray(nearest)[row, column]


def is_mutually_best(
    key_a: Int[np.ndarray, " pair"],
    key_b: Int[np.ndarray, " pair"],
    value: Float[np.ndarray, " pair"],
) -> Bool[np.ndarray, " pair"]:
    """Whether a pair has the largest value among the pairs of its a and of its b."""
    return _is_best(key_a, value) & _is_best(key_b, value)


def _is_best(
    key: Int[np.ndarray, " pair"], value: Float[np.ndarray, " pair"]
) -> Bool[np.ndarray, " pair"]:
    order = np.lexsort((-value, key))
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[order][1:] != key[order][:-1]
    out = np.zeros(len(key), dtype=bool)
    out[order] = first
    return out
