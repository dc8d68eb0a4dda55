"""Positions of points in a box, as a set: sorted along a Morton curve, coded by halving the box.

Of each box with n points, the number of those in its lower half is coded, every number from 0 to n
being equally likely (Devillers and Gandoin 2000). The order of the points is not coded, which
saves log2(n!) bits, and empty space costs nothing. A lone point's remaining bits are coded as
they are.
"""

from bisect import bisect_left

import numpy as np
from jaxtyping import Int

from neumap.codes.range_coder import RangeDecoder, RangeEncoder

MAX_KEY_BITS = 63
"""Bits of a position, all axes together."""
_CHUNK_BITS = 16  # of a lone point's bits that are coded at a time


def morton_keys(
    positions: Int[np.ndarray, "point 3"], axis_bits: tuple[int, int, int]
) -> Int[np.ndarray, " point"]:
    """Interleave the bits of each position; the longest axis of what is left is cut first."""
    keys = np.zeros(len(positions), dtype=np.int64)
    for axis, bit in _cuts(axis_bits):
        keys = (keys << 1) | ((positions[:, axis] >> bit) & 1)
    return keys


def positions_of_keys(
    keys: Int[np.ndarray, " point"], axis_bits: tuple[int, int, int]
) -> Int[np.ndarray, "point 3"]:
    """Undo `morton_keys`."""
    positions = np.zeros((len(keys), 3), dtype=np.int64)
    cuts = _cuts(axis_bits)
    for place, (axis, bit) in enumerate(cuts):
        positions[:, axis] |= ((keys >> (len(cuts) - 1 - place)) & 1) << bit
    return positions


def encode_keys(encoder: RangeEncoder, keys: Int[np.ndarray, " point"], num_bits: int) -> None:
    """Write sorted keys of `num_bits` bits; keys may be equal."""
    listed = keys.tolist()
    boxes = [(0, len(listed), 0, num_bits)]  # first and last point, smallest key, bits left
    while boxes:
        first, last, low, bits = boxes.pop()
        if last - first == 1:
            _encode_lone(encoder, listed[first] - low, bits)
        elif last > first and bits:
            middle = low + (1 << (bits - 1))
            cut = bisect_left(listed, middle, first, last)
            encoder.encode_uniform(cut - first, last - first + 1)
            boxes += [(cut, last, middle, bits - 1), (first, cut, low, bits - 1)]


def decode_keys(decoder: RangeDecoder, count: int, num_bits: int) -> Int[np.ndarray, " point"]:
    """Read `count` sorted keys."""
    keys: list[int] = []
    boxes = [(count, 0, num_bits)]
    while boxes:
        count, low, bits = boxes.pop()
        if count == 1:
            keys.append(low + _decode_lone(decoder, bits))
        elif count and bits:
            in_lower = decoder.decode_uniform(count + 1)
            middle = low + (1 << (bits - 1))
            boxes += [(count - in_lower, middle, bits - 1), (in_lower, low, bits - 1)]
        else:
            keys += [low] * count
    return np.array(keys, dtype=np.int64)


def _cuts(axis_bits: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Axis and bit of each halving of the box, in order."""
    left = list(axis_bits)
    cuts: list[tuple[int, int]] = []
    while any(left):
        axis = left.index(max(left))
        left[axis] -= 1
        cuts.append((axis, left[axis]))
    return cuts


def _encode_lone(encoder: RangeEncoder, value: int, bits: int) -> None:
    while bits:
        chunk = min(bits, _CHUNK_BITS)
        bits -= chunk
        encoder.encode_uniform((value >> bits) & ((1 << chunk) - 1), 1 << chunk)


def _decode_lone(decoder: RangeDecoder, bits: int) -> int:
    value = 0
    while bits:
        chunk = min(bits, _CHUNK_BITS)
        bits -= chunk
        value = (value << chunk) | decoder.decode_uniform(1 << chunk)
    return value
