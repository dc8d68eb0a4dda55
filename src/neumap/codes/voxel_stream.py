"""The codes of one voxel as bytes: positions as a sorted set, then values, entropy coded.

| bytes | content |
|---|---|
| 3 | bits of a position on each axis |
| 1 to 5 | number of codes (`varint`) |
| rest | positions, values and halvings (if the map has them) in one range-coded stream |
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from neumap.codes.halving_coder import decode_halvings, encode_halvings
from neumap.codes.level_coder import MAX_AXIS_BITS, decode_levels, encode_levels, nearest_before
from neumap.codes.position_coder import (
    MAX_KEY_BITS,
    decode_keys,
    encode_keys,
    morton_keys,
    positions_of_keys,
)
from neumap.codes.range_coder import RangeDecoder, RangeEncoder
from neumap.codes.varint import read_varint, varint

MAX_CODES_PER_BYTE = 4
"""No stream says more: a lying count cannot make the reader work for long."""

AxisBits = tuple[int, int, int]


class DecodedVoxel(NamedTuple):
    """What a voxel's stream says."""

    positions: Int[np.ndarray, "code 3"]
    levels: Int[np.ndarray, "code value"]
    axis_bits: AxisBits
    halvings: Int[np.ndarray, " code"] | None


def encode_voxel(
    positions: Int[np.ndarray, "code 3"],
    levels: Int[np.ndarray, "code value"],
    *,
    axis_bits: AxisBits,
    num_levels: int,
    halvings: Int[np.ndarray, " code"] | None = None,
) -> bytes:
    """Return the stream of codes that are sorted by `morton_keys`; ValueError if they are not."""
    encoder = RangeEncoder()
    _encode_positions(encoder, positions, axis_bits)
    encode_levels(encoder, levels, nearest_before(positions), num_levels=num_levels)
    if halvings is not None:
        encode_halvings(encoder, halvings)
    head = bytes(axis_bits) + varint(len(positions))
    body = encoder.finish()
    return head + body + bytes(max(0, -(-len(positions) // MAX_CODES_PER_BYTE) - len(body)))


def num_position_bytes(positions: Int[np.ndarray, "code 3"], axis_bits: AxisBits) -> int:
    """Bytes of a stream that its positions take."""
    encoder = RangeEncoder()
    _encode_positions(encoder, positions, axis_bits)
    return len(encoder.finish())


def decode_voxel(
    stream: bytes, *, num_levels: int, num_values: int, has_halvings: bool = False
) -> DecodedVoxel:
    """Return what `encode_voxel` was given; ValueError says what is impossible."""
    if len(stream) < 4:
        raise ValueError(f"a voxel of {len(stream)} bytes is too short")
    axis_bits = (stream[0], stream[1], stream[2])
    if max(axis_bits) > MAX_AXIS_BITS or sum(axis_bits) > MAX_KEY_BITS:
        raise ValueError(f"positions of {axis_bits} bits are not known")
    count, start = read_varint(stream, 3)
    if count > MAX_CODES_PER_BYTE * (len(stream) - start):
        raise ValueError(f"{count} codes do not fit in {len(stream)} bytes")
    decoder = RangeDecoder(stream[start:])
    positions = positions_of_keys(decode_keys(decoder, count, sum(axis_bits)), axis_bits)
    nearest = nearest_before(positions)
    levels = decode_levels(decoder, nearest, num_levels=num_levels, num_values=num_values)
    halvings = decode_halvings(decoder, count) if has_halvings else None
    return DecodedVoxel(positions, levels, axis_bits, halvings)


def _encode_positions(
    encoder: RangeEncoder, positions: Int[np.ndarray, "code 3"], axis_bits: AxisBits
) -> None:
    keys = morton_keys(positions, axis_bits)
    if (np.diff(keys) < 0).any():
        raise ValueError("codes are not in the order of their Morton keys")
    encode_keys(encoder, keys, sum(axis_bits))
