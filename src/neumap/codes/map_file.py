"""Map files: one small file that holds all of a scene; see docs/map_format.md.

Every byte is covered by a SHA-256, so that a flipped bit is found, and nothing in it is executed.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neumap.atomic_file import write_atomically
from neumap.codes.safe_container import (
    DTYPES,
    ContainerError,
    TensorSpec,
    decode_header,
    encode_header,
    lay_out,
    parse_json_object,
)
from neumap.errors import MapFileError

FORMAT_VERSION = 1
MAX_FILE_BYTES = 4 * 2**30
REQUIRED_KEYS = ("units", "origin", "decoder", "extractor", "layout", "provenance")
SHORT_KEYS = {
    "units": "u",
    "origin": "o",
    "decoder": "d",
    "extractor": "x",
    "layout": "l",
    "provenance": "p",
    "neumap": "g",
    "images": "n",
    "source": "s",
    "seed": "r",
    "mapping_seconds": "m",
}
"""Header keys and what they are called in the file, at any depth; other keys stay as they are."""
SHORT_TENSORS = {"anchors": "a", "codes": "c", "scales": "s", "tables": "t", "voxels": "w"}
"""Tensor names and what they are called in the file; other names stay as they are."""
# Written by this file alone: version, hash of the header, hashes of the tensors in file order.
OWN_KEYS = ("v", "h", "t")
LONG_KEYS = {short: long for long, short in SHORT_KEYS.items()}
LONG_TENSORS = {short: long for long, short in SHORT_TENSORS.items()}
BLANK_HASH = "A" * 43  # base64 of 32 zero bytes, without padding


def write_map_file(
    path: Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write a map; the same content gives the same bytes.

    `header` holds JSON values with at least REQUIRED_KEYS, `origin` being three numbers; tensors
    are integers or floats. Raises ValueError for content that the format cannot hold (programming
    errors), MapFileError where the file cannot be written; the old file then stays.
    """
    data = map_file_bytes(header, tensors)
    try:
        write_atomically(path, data)
    except OSError as error:
        raise MapFileError(
            str(path),
            f"cannot be written ({error.strerror})",
            "Choose a folder with space that you may write to.",
        ) from error


def map_file_bytes(header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return the bytes of a map file (see `write_map_file`), e.g. to know its size."""
    defect = _header_defect(header)
    if defect is not None:
        raise ValueError(f"the header {defect}")
    named = {SHORT_TENSORS.get(name, name): np.asarray(array) for name, array in tensors.items()}
    if len(named) != len(tensors) or any(name in LONG_TENSORS for name in tensors):
        raise ValueError(f"tensors {sorted(tensors)} collide with the short names of the format")
    specs = lay_out(named)
    payloads = [
        np.ascontiguousarray(named[spec.name], dtype=DTYPES[spec.dtype]).tobytes() for spec in specs
    ]
    for spec in specs:
        if not _is_finite(named[spec.name]):
            raise ValueError(f"tensor {spec.name} holds NaN or infinite numbers")
    hashes = b"".join(hashlib.sha256(payload).digest() for payload in payloads)
    fields = {**_renamed(header, SHORT_KEYS), "v": FORMAT_VERSION, "t": _text_of(hashes)}
    return _signed_header(fields, specs) + b"".join(payloads)


def read_map_file(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read header and tensors as they were given to `write_map_file`; every hash is verified.

    Raises MapFileError on a missing, cut, changed or lying file and on another format version.
    """
    data = _read_bytes(path)
    try:
        fields, specs, start = _checked_header(data)
        tensors = _checked_tensors(data[start:], specs, hashes=fields.pop("t", ""))
        del fields["v"], fields["h"]
        header = _renamed(fields, LONG_KEYS)
        if _renamed(header, SHORT_KEYS) != fields or _all_keys(fields) & set(SHORT_KEYS):
            raise ContainerError("has a header with long and short names of one key")
        defect = _header_defect(header)
        if defect is not None:
            raise ContainerError(f"has a header that {defect}")
    except ContainerError as error:
        raise MapFileError(
            str(path), str(error), "Copy or build the map again; this file was changed or cut."
        ) from error
    return header, tensors


def bytes_by_part(path: Path) -> dict[str, int]:
    """Return the bytes of each tensor and of the `header`; they add up to the file's size."""
    try:
        return part_sizes(_read_bytes(path))
    except ContainerError as error:
        raise MapFileError(str(path), str(error), "Copy or build the map again.") from error


def part_sizes(data: bytes) -> dict[str, int]:
    """Return the same for the bytes of a map file; ContainerError if they are none."""
    _, specs, start = decode_header(data)
    parts = {LONG_TENSORS.get(spec.name, spec.name): spec.end - spec.begin for spec in specs}
    return {**parts, "header": start}


def _read_bytes(path: Path) -> bytes:
    try:
        num_bytes = path.stat().st_size
        if num_bytes > MAX_FILE_BYTES:
            raise MapFileError(
                str(path), f"has {num_bytes} bytes, more than any map", "Give a map file."
            )
        return path.read_bytes()
    except OSError as error:
        raise MapFileError(
            str(path), f"cannot be read ({error.strerror})", "Give the path of a map file."
        ) from error


def _checked_header(data: bytes) -> tuple[dict[str, Any], list[TensorSpec], int]:
    metadata, specs, start = decode_header(data)
    fields = parse_json_object(metadata)
    version = fields.get("v")
    if version != FORMAT_VERSION:
        raise ContainerError(f"is of format version {version}, this neumap reads {FORMAT_VERSION}")
    unsigned = {key: value for key, value in fields.items() if key != "h"}
    if _signed_header(unsigned, specs) != data[:start]:
        raise ContainerError("has a header that does not match its SHA-256")
    return fields, specs, start


def _checked_tensors(
    data: bytes, specs: list[TensorSpec], *, hashes: object
) -> dict[str, np.ndarray]:
    views = [data[spec.begin : spec.end] for spec in specs]
    if hashes != _text_of(b"".join(hashlib.sha256(view).digest() for view in views)):
        raise ContainerError("has tensors that do not match their SHA-256")
    if any(spec.name in SHORT_TENSORS for spec in specs):
        raise ContainerError("has a tensor under a name that the format shortens")
    tensors: dict[str, np.ndarray] = {}
    for spec, view in zip(specs, views, strict=True):
        array = np.frombuffer(view, dtype=DTYPES[spec.dtype]).reshape(spec.shape).copy()
        if not _is_finite(array):
            raise ContainerError(f"has NaN or infinite numbers in tensor {spec.name}")
        tensors[LONG_TENSORS.get(spec.name, spec.name)] = array
    return tensors


def _signed_header(fields: Mapping[str, Any], specs: list[TensorSpec]) -> bytes:
    blank = encode_header(_json_of({**fields, "h": BLANK_HASH}), specs)
    signature = _text_of(hashlib.sha256(blank).digest())
    return encode_header(_json_of({**fields, "h": signature}), specs)


def _json_of(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _text_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode().rstrip("=")


def _renamed(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  JSON in, JSON out
    if isinstance(value, Mapping):
        return {names.get(str(key), str(key)): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    return value


def _all_keys(value: Any) -> set[str]:  # noqa: ANN401  a JSON value
    if isinstance(value, Mapping):
        return set(value).union(*(_all_keys(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(_all_keys(item) for item in value))
    return set()


def _header_defect(header: Mapping[str, Any]) -> str | None:
    missing = [key for key in REQUIRED_KEYS if key not in header]
    if missing:
        return f"lacks {', '.join(missing)}"
    reserved = sorted(_all_keys(header) & (set(LONG_KEYS) | set(OWN_KEYS)))
    if reserved:
        return f"uses the reserved keys {', '.join(reserved)}"
    origin = header["origin"]
    if not isinstance(origin, list | tuple) or len(origin) != 3:
        return "has an origin that is not three numbers"
    if not all(isinstance(x, int | float) and abs(x) < 1e12 for x in origin):
        return "has an origin that is not three numbers"
    return None


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
