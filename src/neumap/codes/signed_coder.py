"""Whole numbers of either sign, as the values of dense codes are: mostly small, at times large.

A number's class is the count of its bits. Classes are coded with counts of what was seen before in
the same group, and so are the two bits below the highest; sign and other bits are as likely either
way. What is common is learned as it is read, so nothing has to be stored.
"""

import math
from collections.abc import Iterator
from typing import no_type_check

import numpy as np
from jaxtyping import Int

from neumap.codes.range_coder import RangeDecoder, RangeEncoder

NUM_CLASSES = 16
"""Numbers have 15 bits at most."""
_START, _SEEN = 16, 32  # parts of each class before anything was seen, and of one sighting
_BIT_START, _BIT_SEEN = 128, 32


@no_type_check  # called for each number: checks at run time would take most of a test's time
class _Counts:
    """How often classes and the bits that follow them were seen, in one group."""

    def __init__(self) -> None:
        self.classes = [_START] * NUM_CLASSES
        self.bits = {}

    def of_bits(self, key: tuple[int, ...]) -> list[int]:
        return self.bits.setdefault(key, [_BIT_START, _BIT_START])


def encode_signed(
    encoder: RangeEncoder, numbers: Int[np.ndarray, "row value"], groups: tuple[int, ...]
) -> None:
    """Write numbers from -32,767 to 32,767; `groups` says which columns share their counts."""
    counts = {group: _Counts() for group in groups}
    for row in numbers.tolist():
        for number, group in zip(row, groups, strict=True):
            _encode(encoder, number, counts[group])


def decode_signed(
    decoder: RangeDecoder, num_rows: int, groups: tuple[int, ...]
) -> Int[np.ndarray, "row value"]:
    """Read what `encode_signed` wrote with the same groups."""
    counts = {group: _Counts() for group in groups}
    rows = [[_decode(decoder, counts[group]) for group in groups] for _ in range(num_rows)]
    return np.array(rows, dtype=np.int64).reshape(num_rows, len(groups))


def bits_of_signed(numbers: Int[np.ndarray, "row value"], groups: tuple[int, ...]) -> float:
    """Return the bits that `encode_signed` writes, without coding anything.

    What counts that learn cost in all depends on how often each symbol was seen and not on when.
    """
    bits = 0.0
    for group in set(groups):
        own = np.abs(numbers[:, np.array(groups) == group]).ravel()
        num_bits = np.frexp(own.astype(np.float64))[1]
        bits += float((num_bits > 0).sum() + np.maximum(num_bits - 3, 0).sum())
        bits += _bits_of_counted(np.bincount(num_bits, minlength=NUM_CLASSES), _START, _SEEN)
        for size in range(2, NUM_CLASSES):
            highest = own[num_bits == size] >> max(size - 3, 0)
            second = highest >> (1 if size > 2 else 0) & 1
            bits += _bits_of_counted(np.bincount(second, minlength=2), _BIT_START, _BIT_SEEN)
            for high in (0, 1) if size > 2 else ():
                third = highest[second == high] & 1
                bits += _bits_of_counted(np.bincount(third, minlength=2), _BIT_START, _BIT_SEEN)
    return bits


def _bits_of_counted(times: Int[np.ndarray, " symbol"], start: int, seen: int) -> float:
    """Bits of symbols seen so many times each, whose counts grow from `start` by `seen`."""

    def log2_product(first: int, count: int) -> float:
        ratio = first / seen
        growth = math.lgamma(ratio + count) - math.lgamma(ratio)
        return count * math.log2(seen) + growth / math.log(2)

    total = log2_product(start * len(times), int(times.sum()))
    return total - sum(log2_product(start, int(count)) for count in times)


@no_type_check  # called for each number
def _encode(encoder: RangeEncoder, number: int, counts: _Counts) -> None:
    size = abs(number)
    num_bits = size.bit_length()
    _encode_counted(encoder, num_bits, counts.classes, _SEEN)
    if num_bits == 0:
        return
    key = (num_bits,)
    for place in _counted_places(num_bits):
        bit = size >> place & 1
        _encode_counted(encoder, bit, counts.of_bits(key), _BIT_SEEN)
        key = (*key, bit)
    num_rest = max(num_bits - 3, 0)
    rest = size & (1 << num_rest) - 1
    encoder.encode_uniform(2 * rest + (number < 0), 2 << num_rest)


@no_type_check  # called for each number
def _decode(decoder: RangeDecoder, counts: _Counts) -> int:
    num_bits = _decode_counted(decoder, counts.classes, _SEEN)
    if num_bits == 0:
        return 0
    size, key = 1 << (num_bits - 1), (num_bits,)
    for place in _counted_places(num_bits):
        bit = _decode_counted(decoder, counts.of_bits(key), _BIT_SEEN)
        size |= bit << place
        key = (*key, bit)
    rest = decoder.decode_uniform(2 << max(num_bits - 3, 0))
    size |= rest >> 1
    return -size if rest & 1 else size


def _counted_places(num_bits: int) -> Iterator[int]:
    """Places of the two bits below the highest, as far as there are any."""
    return iter(range(num_bits - 2, max(num_bits - 4, -1), -1))


@no_type_check  # called for each number
def _encode_counted(encoder: RangeEncoder, symbol: int, counts: list[int], seen: int) -> None:
    encoder.encode(sum(counts[:symbol]), counts[symbol], sum(counts))
    counts[symbol] += seen


@no_type_check  # called for each number
def _decode_counted(decoder: RangeDecoder, counts: list[int], seen: int) -> int:
    part = decoder.part_of(sum(counts))
    start = symbol = 0
    while start + counts[symbol] <= part:
        start += counts[symbol]
        symbol += 1
    decoder.take(start, counts[symbol])
    counts[symbol] += seen
    return symbol
