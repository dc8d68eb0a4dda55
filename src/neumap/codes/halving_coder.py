"""How many times a map can be halved before a code goes: the greedy order, coarsely, in 2 bits.

Half of the codes go at the first halving, a quarter at the second, and so on: the number of a
code's halvings is coded with just these probabilities.
"""

import numpy as np
from jaxtyping import Int

from neumap.codes.range_coder import RangeDecoder, RangeEncoder

MAX_HALVINGS = 7
_TOTAL = 2 ** (MAX_HALVINGS + 1)
_SIZES = [*(_TOTAL >> (number + 1) for number in range(MAX_HALVINGS)), 2]
_STARTS = [sum(_SIZES[:number]) for number in range(MAX_HALVINGS + 1)]


def halvings_in_order(count: int) -> Int[np.ndarray, " code"]:
    """Return the halvings that codes outlast, 0 to 7, the most important code first.

    The first n / 2**k of n codes outlast k halvings.
    """
    ranks = np.arange(1, count + 1)
    return np.minimum(np.log2(count / ranks + 1e-12).astype(np.int64), MAX_HALVINGS)


def encode_halvings(encoder: RangeEncoder, halvings: Int[np.ndarray, " code"]) -> None:
    """Write numbers from 0 to 7."""
    for number in halvings.tolist():
        encoder.encode(_STARTS[number], _SIZES[number], _TOTAL)


def bits_of_halvings(halvings: Int[np.ndarray, " code"]) -> float:
    """Return the bits that `encode_halvings` writes."""
    return float(np.log2(_TOTAL / np.array(_SIZES)[halvings]).sum())


def decode_halvings(decoder: RangeDecoder, count: int) -> Int[np.ndarray, " code"]:
    """Read `count` numbers."""
    out = np.zeros(count, dtype=np.int64)
    for code in range(count):
        part = decoder.part_of(_TOTAL)
        number = int(np.searchsorted(_STARTS, part, side="right")) - 1
        decoder.take(_STARTS[number], _SIZES[number])
        out[code] = number
    return out
