"""Entropy coding: a range coder (Martin 1979) whose models are integers, alike on every machine.

A symbol that holds `size` of `total` parts of the probability costs log2(total / size) bits,
and less than 0.0001 more for rounding where `total` is at most 2**32.
"""

from typing import no_type_check

_TOP = 56  # bits of the interval that is coded
_FULL = (1 << _TOP) - 1
_LOW = 1 << (_TOP - 8)  # below this width the interval gives a byte away


@no_type_check  # called for each symbol: checks at run time would take most of a test's time
class RangeEncoder:
    """Writes symbols one after another; `finish` returns the bytes."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._low, self._width = 0, _FULL

    def encode(self, start: int, size: int, total: int) -> None:
        """Write the symbol that holds the parts from `start` to `start + size` of `total`."""
        part = self._width // total
        self._low += start * part
        self._width = size * part
        if self._low > _FULL:
            self._carry()
        while self._width < _LOW:
            self._out.append(self._low >> (_TOP - 8))
            self._low = (self._low << 8) & _FULL
            self._width <<= 8

    def encode_uniform(self, value: int, total: int) -> None:
        """Write an integer from 0 to total - 1, all of them equally likely."""
        self.encode(value, 1, total)

    def finish(self) -> bytes:
        """Return the shortest bytes that say the interval; zeros at the end go without saying."""
        unit = 1 << _TOP
        while (value := -(-self._low // unit) * unit) >= self._low + self._width:
            unit >>= 8
        self._low = value
        if self._low > _FULL:
            self._carry()
        tail = self._low.to_bytes(_TOP // 8, "big")
        return (bytes(self._out) + tail).rstrip(b"\0")

    def _carry(self) -> None:
        """Add one to the bytes that were given away."""
        self._low &= _FULL
        place = len(self._out) - 1
        while self._out[place] == 255:
            self._out[place] = 0
            place -= 1
        self._out[place] += 1


@no_type_check  # called for each symbol: checks at run time would take most of a test's time
class RangeDecoder:
    """Reads what `RangeEncoder` wrote, asked with the same totals in the same order."""

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(_TOP // 8)
        self._place = _TOP // 8
        self._code = int.from_bytes(self._data[: self._place], "big")
        self._width = _FULL
        self._part = 1

    def part_of(self, total: int) -> int:
        """Return the part, 0 to total - 1, that the next symbol holds; then call `take`."""
        self._part = self._width // total
        return min(self._code // self._part, total - 1)

    def take(self, start: int, size: int) -> None:
        """Move on past the symbol that holds the parts from `start` to `start + size`."""
        self._code -= start * self._part
        self._width = size * self._part
        while self._width < _LOW:
            following = self._data[self._place] if self._place < len(self._data) else 0
            self._code = ((self._code << 8) | following) & _FULL
            self._place += 1
            self._width <<= 8

    def decode_uniform(self, total: int) -> int:
        """Read what `encode_uniform` wrote."""
        value = self.part_of(total)
        self.take(value, 1)
        return value
