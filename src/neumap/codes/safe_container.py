"""The safetensors container, written canonically and checked before anything is allocated.

One content has one byte sequence; a file that differs from what its own content would be written
as is refused. The safetensors library reads these files, but accepts flipped bits in its own.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_HEADER_BYTES = 4 * 2**20
MAX_TENSORS = 64
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 2**40
METADATA_KEY = "neumap"
LENGTH_BYTES = 8
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
"""Names of the safetensors format for the element types a map may hold."""
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
TENSOR_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class ContainerError(ValueError):
    """The bytes are not a canonical container; the message says where."""


@dataclass(frozen=True)
class TensorSpec:
    """Where a tensor lies: element type and shape, offsets in the data section."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def lay_out(tensors: Mapping[str, np.ndarray]) -> list[TensorSpec]:
    """Place tensors without gaps, wide elements first so that all are aligned, then by name.

    Raises ValueError on names or element types that the format does not have.
    """
    specs: list[TensorSpec] = []
    begin = 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name)):
        array = tensors[name]
        dtype = DTYPE_NAMES.get(array.dtype.newbyteorder("<"))
        if dtype is None or not TENSOR_NAME.fullmatch(name) or array.ndim > MAX_DIMENSIONS:
            raise ValueError(f"tensor {name!r} of {array.dtype}, {array.ndim} dimensions: no place")
        end = begin + array.nbytes
        specs.append(TensorSpec(name, dtype, tuple(array.shape), begin, end))
        begin = end
    return specs


def encode_header(metadata: str, specs: Sequence[TensorSpec]) -> bytes:
    """Return length and header as written, padded with spaces to a multiple of 8 bytes."""
    fields: dict[str, Any] = {"__metadata__": {METADATA_KEY: metadata}}  # Any: JSON values
    for spec in specs:
        fields[spec.name] = {
            "dtype": spec.dtype,
            "shape": list(spec.shape),
            "data_offsets": [spec.begin, spec.end],
        }
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def decode_header(data: bytes) -> tuple[str, list[TensorSpec], int]:
    """Return metadata, tensor places and the start of the data section of a whole file.

    Everything is checked against the file's size before any tensor is made. Raises
    ContainerError.
    """
    if len(data) < LENGTH_BYTES:
        raise ContainerError(f"has {len(data)} bytes, less than a header")
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    start = LENGTH_BYTES + length
    if length > MAX_HEADER_BYTES or start > len(data):
        raise ContainerError(f"states a header of {length} bytes in a file of {len(data)}")
    fields = parse_json_object(data[LENGTH_BYTES:start])
    extra = fields.pop("__metadata__", None)
    if not isinstance(extra, dict) or list(extra) != [METADATA_KEY]:
        raise ContainerError("is not a neumap map")
    metadata = extra[METADATA_KEY]
    if not isinstance(metadata, str):
        raise ContainerError("is not a neumap map")
    if len(fields) > MAX_TENSORS:
        raise ContainerError(f"lists {len(fields)} tensors, at most {MAX_TENSORS} are allowed")
    specs = sorted(
        (_spec_of(name, value) for name, value in fields.items()),
        key=lambda spec: (-DTYPES[spec.dtype].itemsize, spec.name),
    )
    _check_places(specs, len(data) - start)
    if encode_header(metadata, specs) != data[:start]:
        raise ContainerError("has a header that is not in canonical form")
    return metadata, specs, start


def parse_json_object(text: bytes | str) -> dict[str, Any]:
    """Parse a JSON object; duplicate keys, NaN, infinity and deep nesting raise ContainerError."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise ContainerError("has a header that is not JSON") from error
    if not isinstance(value, dict):
        raise ContainerError("has a header that is not a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]  keys of JSON objects are strings


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON values
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key occurs twice")
    return fields


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _spec_of(name: str, value: Any) -> TensorSpec:  # noqa: ANN401  a JSON value
    if not TENSOR_NAME.fullmatch(name):
        raise ContainerError(f"has a tensor with the name {name[:40]!r}")
    if not isinstance(value, dict) or sorted(value) != ["data_offsets", "dtype", "shape"]:
        raise ContainerError(f"describes tensor {name} in another way than safetensors")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ContainerError(f"gives tensor {name} an unknown element type")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise ContainerError(f"gives tensor {name} an impossible shape")
    if not isinstance(offsets, list) or len(offsets) != 2:
        raise ContainerError(f"gives tensor {name} impossible offsets")
    if not all(_is_count(number) for number in [*shape, *offsets]):
        raise ContainerError(f"gives tensor {name} a size that is not a count")
    # Also with an axis of zero, numpy cannot make arrays of more elements than this.
    if math.prod(max(side, 1) for side in shape) > MAX_ELEMENTS:
        raise ContainerError(f"gives tensor {name} an impossible shape")
    return TensorSpec(name, dtype, tuple(shape), offsets[0], offsets[1])


def _check_places(specs: Sequence[TensorSpec], num_data_bytes: int) -> None:
    begin = 0
    for spec in specs:
        num_bytes = math.prod(spec.shape) * DTYPES[spec.dtype].itemsize
        if spec.begin != begin or spec.end - spec.begin != num_bytes:
            raise ContainerError(
                f"places tensor {spec.name} at bytes {spec.begin} to {spec.end}, "
                f"expected {begin} to {begin + num_bytes}"
            )
        begin = spec.end
    if begin != num_data_bytes:
        raise ContainerError(f"holds {num_data_bytes} bytes of tensors, its header lists {begin}")
