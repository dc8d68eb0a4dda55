"""A safetensors file of one tensor of bytes, written canonically and checked before it is read.

One content has one byte sequence; a file whose header is not what its own content would be
written as is refused. The safetensors library reads these files, but accepts flipped bits in its
own.
"""

import json
import math
from typing import Any

MAX_HEADER_BYTES = 2**20
METADATA_KEY = "neumap"
TENSOR_NAME = "c"
LENGTH_BYTES = 8


class ContainerError(ValueError):
    """The bytes are not a canonical container; the message says where."""


def encode_header(metadata: str, num_payload_bytes: int) -> bytes:
    """Return length and header of a file whose tensor has so many bytes."""
    fields = {
        "__metadata__": {METADATA_KEY: metadata},
        TENSOR_NAME: {
            "dtype": "U8",
            "shape": [num_payload_bytes],
            "data_offsets": [0, num_payload_bytes],
        },
    }
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def header_length(data: bytes, num_file_bytes: int) -> int:
    """Return the bytes of length and header, from the first bytes of a file.

    Raises ContainerError where the file cannot hold them.
    """
    if len(data) < LENGTH_BYTES:
        raise ContainerError(f"has {len(data)} bytes, less than a header")
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES or LENGTH_BYTES + length > num_file_bytes:
        raise ContainerError(f"states a header of {length} bytes in a file of {num_file_bytes}")
    return LENGTH_BYTES + length


def metadata_of(header: bytes) -> str:
    """Return the metadata of a header; ContainerError where there is none of neumap."""
    fields = parse_json_object(header[LENGTH_BYTES:])
    extra = fields.get("__metadata__")
    metadata = extra.get(METADATA_KEY) if isinstance(extra, dict) else None
    if not isinstance(metadata, str):
        raise ContainerError("is not a neumap map")
    return metadata


def check_header(header: bytes, metadata: str, num_file_bytes: int) -> None:
    """Refuse a header that is not the canonical one of this metadata and size of the file."""
    if encode_header(metadata, num_file_bytes - len(header)) != header:
        raise ContainerError(
            f"has a header that is not in canonical form or is not that of {num_file_bytes} bytes"
        )


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
