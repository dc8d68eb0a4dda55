"""The parts of a map: named arrays, laid out one after another in one tensor of bytes.

The SHA-256 of each part follows them in the same order; the first covers the header as well, so
that a part can be read and verified without the others.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neumap.codes.safe_container import ContainerError

MAX_PARTS = 64
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 2**40
DIGEST_BYTES = 32
ONLY_PART = "codes"
"""A map whose one part is bytes of this name has no table of parts."""
DTYPES = {
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
"""Names that the safetensors format has for the element types a map may hold."""
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Where an array lies: element type and shape, first byte and the one after its last."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def lay_out(arrays: Mapping[str, np.ndarray]) -> tuple[Part, ...]:
    """Place arrays without gaps, small ones first, then by name.

    Raises ValueError on names or element types that the format does not have.
    """
    parts: list[Part] = []
    begin = 0
    for name in sorted(arrays, key=lambda name: (arrays[name].nbytes, name)):
        array = arrays[name]
        dtype = DTYPE_NAMES.get(array.dtype.newbyteorder("<"))
        if dtype is None or not _NAME.fullmatch(name) or array.ndim > MAX_DIMENSIONS:
            raise ValueError(f"tensor {name!r} of {array.dtype}, {array.ndim} dimensions: no place")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"tensor {name} holds NaN or infinite numbers")
        end = begin + array.nbytes
        parts.append(Part(name=name, dtype=dtype, shape=array.shape, begin=begin, end=end))
        begin = end
    return tuple(parts)


def table_of(parts: Sequence[Part]) -> list[list[Any]] | None:
    """Return name, element type and shape of each part; None for one part of bytes, `codes`."""
    if [(part.name, part.dtype, len(part.shape)) for part in parts] == [(ONLY_PART, "U8", 1)]:
        return None
    return [[part.name, part.dtype, *part.shape] for part in parts]


def parts_of(table: Any, num_bytes: int) -> tuple[Part, ...]:  # noqa: ANN401  a JSON value
    """Undo `table_of` for a tensor of so many bytes; ContainerError if it does not add up."""
    if table is None:
        table = [[ONLY_PART, "U8", num_bytes - DIGEST_BYTES]]
    if not isinstance(table, list) or len(table) > MAX_PARTS:
        raise ContainerError(f"lists no parts, or more than {MAX_PARTS}")
    parts: list[Part] = []
    begin = 0
    for row in table:
        part = _part_of(row, begin)
        parts.append(part)
        begin = part.end
    if begin + DIGEST_BYTES * max(len(parts), 1) != num_bytes:
        raise ContainerError(f"holds {num_bytes} bytes of tensors, its header lists {begin}")
    if sorted({part.name for part in parts}) != sorted(part.name for part in parts):
        raise ContainerError("lists a part twice")
    return tuple(parts)


def bytes_of(array: np.ndarray, part: Part) -> bytes:
    """Return an array as stored: little-endian, rows first."""
    return np.ascontiguousarray(array, dtype=DTYPES[part.dtype]).tobytes()


def array_of(data: bytes, part: Part) -> np.ndarray:
    """Return what `bytes_of` stored; ContainerError on NaN and infinity."""
    array = np.frombuffer(data, dtype=DTYPES[part.dtype]).reshape(part.shape).copy()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ContainerError(f"has NaN or infinite numbers in tensor {part.name}")
    return array


def digests_of(header: bytes, contents: Sequence[bytes]) -> bytes:
    """Return the SHA-256 of each part, the first with the header before it."""
    first = [header + b"".join(contents[:1]), *contents[1:]]
    return b"".join(hashlib.sha256(content).digest() for content in first)


def _part_of(row: object, begin: int) -> Part:
    if not isinstance(row, list) or len(row) < 2 or len(row) > MAX_DIMENSIONS + 2:
        raise ContainerError("describes a part in an unknown way")
    name, dtype, *shape = row
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ContainerError(f"has a part with the name {str(name)[:40]!r}")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ContainerError(f"gives part {name} an unknown element type")
    if not all(type(side) is int and 0 <= side < 2**63 for side in shape):
        raise ContainerError(f"gives part {name} a size that is not a count")
    # Also with an axis of zero, numpy cannot make arrays of more elements than this.
    if math.prod(max(side, 1) for side in shape) > MAX_ELEMENTS:
        raise ContainerError(f"gives part {name} an impossible shape")
    end = begin + math.prod(shape) * DTYPES[dtype].itemsize
    return Part(name=name, dtype=dtype, shape=tuple(shape), begin=begin, end=end)
