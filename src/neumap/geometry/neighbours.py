"""Pairs of positions that lie near each other in an image, and the mutually best among them."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree


def near_pairs(
    xy_a: Float[np.ndarray, "a 2"], xy_b: Float[np.ndarray, "b 2"], *, radius: float, most: int
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Indices (in a, in b) of positions closer than the radius; for each a the `most` nearest."""
    return near_pairs_in(KDTree(xy_b), xy_a, radius=radius, most=most)


def near_pairs_in(
    tree_b: KDTree, xy_a: Float[np.ndarray, "a 2"], *, radius: float, most: int
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Do what `near_pairs` does, with a tree of b that is asked more than once."""
    if most < 2:
        raise ValueError(f"most is {most}, expected at least 2")  # for 1, SciPy drops an axis
    if len(xy_a) == 0 or tree_b.n == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    # an infinite distance where fewer are near
    distance, nearest = tree_b.query(xy_a, k=most, distance_upper_bound=radius)
    row, column = np.nonzero(np.isfinite(np.asarray(distance)))
    return row, np.asarray(nearest)[row, column]


def is_mutually_best(
    key_a: Int[np.ndarray, " pair"],
    key_b: Int[np.ndarray, " pair"],
    value: Float[np.ndarray, " pair"],
) -> Bool[np.ndarray, " pair"]:
    """Whether a pair has the largest value among the pairs of its a and of its b.

    Of pairs that tie the first is kept.
    """
    order = np.argsort(-value, kind="stable")
    return _is_first(key_a, order) & _is_first(key_b, order)


def _is_first(
    key: Int[np.ndarray, " pair"], order: Int[np.ndarray, " pair"]
) -> Bool[np.ndarray, " pair"]:
    is_first = np.zeros(len(key), dtype=np.bool_)
    is_first[order[np.unique(key[order], return_index=True)[1]]] = True
    return is_first
