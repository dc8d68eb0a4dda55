"""Counts in as many bytes as they need: 7 bits a byte, low bits first (LEB128)."""


def varint(value: int) -> bytes:
    """Write a count; the high bit is set in all bytes but the last."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def read_varint(data: bytes, start: int) -> tuple[int, int]:
    """Return a count below 2**35 and the place after it; ValueError where none is."""
    value = 0
    for place in range(start, min(start + 5, len(data))):
        value |= (data[place] & 127) << 7 * (place - start)
        if data[place] < 128:
            return value, place + 1
    raise ValueError("a number runs past its end")
