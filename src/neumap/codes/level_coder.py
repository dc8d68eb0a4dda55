"""Values of codes, predicted from the codes nearest by.

Points near each other look alike: a value is coded with counts of what was seen before where the
three nearest codes that are already known had the same mean value (the nearest counts twice). The
counts start from a bell round that mean and learn as they go, so nothing has to be stored.
"""

from functools import cache
from typing import no_type_check

import numpy as np
from jaxtyping import Int

from neumap.codes.range_coder import RangeDecoder, RangeEncoder

MAX_AXIS_BITS = 24
"""Bits of a coordinate: squared distances then stay integers, and all machines agree on them."""
_WINDOW = 64  # the nearest are looked for among this many codes before
_NEAREST = 3
_CHUNK = 8192  # codes whose neighbours are searched at a time
SEEN = 16
"""What one value adds to its count."""
_FLOOR, _BELL = 96, 240  # counts at the start: far from the mean, and more at it
_MOST = 1 << 28  # counts are halved when they sum to more


def nearest_before(positions: Int[np.ndarray, "code 3"]) -> Int[np.ndarray, "code 3"]:
    """Index of the three nearest of the 64 codes before each; of two as near, the later one.

    Where there are fewer, the last of them is repeated; the first code has none and gets -1.
    """
    out = np.full((len(positions), _NEAREST), -1, dtype=np.int64)
    back = np.arange(1, _WINDOW + 1)
    none = np.iinfo(np.int64).max
    for begin in range(1, len(positions), _CHUNK):
        idx = np.arange(begin, min(begin + _CHUNK, len(positions)))
        before = idx[:, None] - back
        gap = positions[np.maximum(before, 0)] - positions[idx][:, None]
        rank = (gap**2).sum(axis=2) * (2 * _WINDOW) + back
        rank[before < 0] = none
        nearest = np.sort(np.partition(rank, _NEAREST, axis=1)[:, :_NEAREST], axis=1)
        for column in range(_NEAREST):
            is_known = nearest[:, column] < none
            found = idx - nearest[:, column] % (2 * _WINDOW)
            out[idx, column] = np.where(is_known, found, out[idx, max(column - 1, 0)])
    return out


def encode_levels(
    encoder: RangeEncoder,
    levels: Int[np.ndarray, "code value"],
    nearest: Int[np.ndarray, "code 3"],
    *,
    num_levels: int,
) -> None:
    """Write values from 0 to num_levels - 1; `nearest` is that of `nearest_before`."""
    counts = _Counts(num_levels)
    rows: list[list[int]] = levels.tolist()
    for row, neighbours in zip(rows, nearest.tolist(), strict=True):
        for level, sum4 in zip(row, counts.contexts(rows, neighbours, len(row)), strict=True):
            counts.encode(encoder, sum4, level)


def decode_levels(
    decoder: RangeDecoder,
    nearest: Int[np.ndarray, "code 3"],
    *,
    num_levels: int,
    num_values: int,
) -> Int[np.ndarray, "code value"]:
    """Read the values of the codes that have these neighbours."""
    counts = _Counts(num_levels)
    rows: list[list[int]] = []
    for neighbours in nearest.tolist():
        contexts = counts.contexts(rows, neighbours, num_values)
        rows.append([counts.decode(decoder, sum4) for sum4 in contexts])
    return np.array(rows, dtype=np.int64).reshape(len(rows), num_values)


def contexts_of(
    levels: Int[np.ndarray, "code value"], nearest: Int[np.ndarray, "code 3"], num_levels: int
) -> Int[np.ndarray, "code value"]:
    """Return which table of counts each value is coded with: the sum of its neighbours' values.

    The nearest counts twice, so the sum is four times their mean, from 0 to 4 (num_levels - 1).
    """
    sum4 = 2 * levels[nearest[:, 0]] + levels[nearest[:, 1]] + levels[nearest[:, 2]]
    sum4[nearest[:, 0] < 0] = 2 * (num_levels - 1)
    return sum4


@cache
def starting_counts(num_levels: int, sum4: int) -> tuple[int, ...]:
    """Return the counts before anything was seen; the bell is as wide as the range of values."""
    gaps = (abs(4 * level - sum4) * 16 // num_levels for level in range(num_levels))
    bell = ((_FLOOR + _BELL * 64 // (64 + gap * gap)) * 4 // num_levels for gap in gaps)
    return tuple(max(1, count) for count in bell)


@no_type_check  # called for each value: checks at run time would take most of a test's time
class _Counts:
    """How often each value was seen, by the sum of the neighbours' values (`contexts_of`)."""

    def __init__(self, num_levels: int) -> None:
        self._num_levels = num_levels
        num_sums = 4 * num_levels - 3
        self._counts: list[list[int]] = [[] for _ in range(num_sums)]  # made when first asked for
        self._totals = [0] * num_sums

    def contexts(self, rows: list[list[int]], neighbours: list[int], num_values: int) -> list[int]:
        nearest, second, third = neighbours
        if nearest < 0:
            return [2 * (self._num_levels - 1)] * num_values
        triples = zip(rows[nearest], rows[second], rows[third], strict=True)
        return [2 * a + b + c for a, b, c in triples]

    def encode(self, encoder: RangeEncoder, sum4: int, level: int) -> None:
        counts = self._counts_of(sum4)
        encoder.encode(sum(counts[:level]), counts[level], self._totals[sum4])
        self._see(sum4, level)

    def decode(self, decoder: RangeDecoder, sum4: int) -> int:
        counts = self._counts_of(sum4)
        part = decoder.part_of(self._totals[sum4])
        start = level = 0
        while start + counts[level] <= part:
            start += counts[level]
            level += 1
        decoder.take(start, counts[level])
        self._see(sum4, level)
        return level

    def _counts_of(self, sum4: int) -> list[int]:
        if not self._counts[sum4]:
            self._counts[sum4] = list(starting_counts(self._num_levels, sum4))
            self._totals[sum4] = sum(self._counts[sum4])
        return self._counts[sum4]

    def _see(self, sum4: int, level: int) -> None:
        self._counts[sum4][level] += SEEN
        self._totals[sum4] += SEEN
        if self._totals[sum4] > _MOST:
            self._counts[sum4] = [(count + 1) // 2 for count in self._counts[sum4]]
            self._totals[sum4] = sum(self._counts[sum4])
