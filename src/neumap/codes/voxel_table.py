"""Where each voxel's stream lies, so that one voxel can be read without the others.

One row a voxel, all numbers in 7 bits a byte: how far its cell is from that of the row before on x,
y and z (n >= 0 as 2n, n < 0 as -2n - 1), bytes of its stream; then the first 4 bytes of the SHA-256
of the stream, which find damage where one voxel is read alone.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from neumap.codes.varint import read_varint, varint

_CHECK_BYTES = 4


@dataclass(frozen=True, eq=False)
class VoxelTable:
    """Cells, sizes and checks of the streams of all voxels, in the order of the streams."""

    cells: Int[np.ndarray, "voxel 3"]
    sizes: tuple[int, ...]
    """Bytes of each stream."""
    checks: tuple[bytes, ...]

    @classmethod
    def of_streams(
        cls, cells: Int[np.ndarray, "voxel 3"], streams: Sequence[bytes]
    ) -> "VoxelTable":
        """Describe streams."""
        sizes = tuple(len(stream) for stream in streams)
        return cls(cells, sizes, tuple(_check_of(stream) for stream in streams))

    def to_bytes(self) -> bytes:
        """Return the table as stored."""
        gaps = np.diff(self.cells, axis=0, prepend=np.zeros((1, 3), dtype=np.int64))
        out = bytearray()
        for gap, size, check in zip(gaps.tolist(), self.sizes, self.checks, strict=True):
            for number in gap:
                out += varint(2 * number if number >= 0 else -2 * number - 1)
            out += varint(size) + check
        return bytes(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> "VoxelTable":
        """Undo `to_bytes`; ValueError where the bytes are no table."""
        rows: list[list[int]] = []
        sizes: list[int] = []
        checks: list[bytes] = []
        cell, place = [0, 0, 0], 0
        while place < len(data):
            for axis in range(3):
                number, place = read_varint(data, place)
                cell[axis] += number // 2 if number % 2 == 0 else -(number // 2) - 1
            size, place = read_varint(data, place)
            rows.append(list(cell))
            sizes.append(size)
            checks.append(data[place : place + _CHECK_BYTES])
            place += _CHECK_BYTES
        if place != len(data):
            raise ValueError("the voxel table is cut")
        return cls(np.array(rows, dtype=np.int64).reshape(-1, 3), tuple(sizes), tuple(checks))

    def span_of(self, voxel: int) -> tuple[int, int]:
        """Return the first byte of a voxel's stream and the one after its last."""
        begin = sum(self.sizes[:voxel])
        return begin, begin + self.sizes[voxel]

    def checked(self, voxel: int, stream: bytes) -> bytes:
        """Return a stream that is that of the voxel; ValueError if it was changed."""
        if _check_of(stream) != self.checks[voxel]:
            raise ValueError(f"the codes of voxel {voxel} do not match their SHA-256")
        return stream

    def streams_of(self, data: bytes) -> list[bytes]:
        """Cut the streams of all voxels out of their bytes; ValueError if they do not add up."""
        if sum(self.sizes) != len(data):
            raise ValueError(f"the voxel table lists {sum(self.sizes)} bytes of {len(data)}")
        streams: list[bytes] = []
        begin = 0
        for voxel, size in enumerate(self.sizes):
            streams.append(self.checked(voxel, data[begin : begin + size]))
            begin += size
        return streams


def _check_of(stream: bytes) -> bytes:
    return hashlib.sha256(stream).digest()[:_CHECK_BYTES]
