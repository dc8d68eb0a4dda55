"""Map files: one small file that holds all of a scene; see docs/map_format.md.

Every byte is covered by a SHA-256, so that a flipped bit is found, and nothing in it is executed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neumap.atomic_file import write_atomically
from neumap.codes.map_header import decode_map_header, encode_map_header
from neumap.codes.payload import (
    DIGEST_BYTES,
    Part,
    array_of,
    bytes_of,
    digests_of,
    lay_out,
    parts_of,
    table_of,
)
from neumap.codes.safe_container import (
    LENGTH_BYTES,
    ContainerError,
    check_header,
    encode_header,
    header_length,
    metadata_of,
)
from neumap.errors import MapFileError

MAX_FILE_BYTES = 4 * 2**30
_REMEDY = "Copy or build the map again; this file was changed or cut."


@dataclass(frozen=True, kw_only=True)
class MapHead:
    """What the first bytes of a map file say of the rest."""

    header: dict[str, Any]
    parts: tuple[Part, ...]
    header_bytes: bytes
    """Length and header as stored."""

    def place_of(self, name: str) -> Part:
        """Return a part; ContainerError if there is none of that name."""
        for part in self.parts:
            if part.name == name:
                return part
        raise ContainerError(f"has no part {name}")


def write_map_file(
    path: Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write a map; the same content gives the same bytes.

    `header` holds JSON values with at least `map_header.REQUIRED_KEYS`; tensors are integers or
    floats. Raises ValueError for content that the format cannot hold (programming errors),
    MapFileError where the file cannot be written; the old file then stays.
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
    arrays = {name: np.asarray(array) for name, array in tensors.items()}
    parts = lay_out(arrays)
    contents = [bytes_of(arrays[part.name], part) for part in parts]
    num_bytes = sum(len(content) for content in contents) + DIGEST_BYTES * max(len(parts), 1)
    head = encode_header(encode_map_header(header, table_of(parts)), num_bytes)
    return head + b"".join(contents) + digests_of(head, contents)


def read_map_file(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read header and tensors as they were given to `write_map_file`; every hash is verified.

    Raises MapFileError on a missing, cut, changed or lying file and on another format version.
    """
    data = _read_bytes(path)
    try:
        head = _head_of(data, len(data))
        payload = data[len(head.header_bytes) :]
        contents = [payload[part.begin : part.end] for part in head.parts]
        end = head.parts[-1].end if head.parts else 0
        if digests_of(head.header_bytes, contents) != payload[end:]:
            raise ContainerError("does not match its SHA-256")
        tensors = {
            part.name: array_of(content, part)
            for part, content in zip(head.parts, contents, strict=True)
        }
    except ContainerError as error:
        raise MapFileError(str(path), str(error), _REMEDY) from error
    return head.header, tensors


def read_first_part(path: Path) -> tuple[dict[str, Any], str, np.ndarray]:
    """Read header, name and content of the smallest part, verified, without the other parts.

    Raises MapFileError as `read_map_file` does.
    """
    try:
        head = _head_of_file(path)
        if not head.parts:
            raise ContainerError("has no parts")
        part, start = head.parts[0], len(head.header_bytes)
        content = _bytes_at(path, start + part.begin, part.end - part.begin)
        stated = _bytes_at(path, start + head.parts[-1].end, DIGEST_BYTES)
        if hashlib.sha256(head.header_bytes + content).digest() != stated:
            raise ContainerError("does not match its SHA-256")
        return head.header, part.name, array_of(content, part)
    except ContainerError as error:
        raise MapFileError(str(path), str(error), _REMEDY) from error


def read_span(path: Path, name: str, span: tuple[int, int]) -> bytes:
    """Read some bytes of a part and nothing else of it; they are not verified.

    Raises MapFileError as `read_map_file` does, or if the part has no such bytes.
    """
    try:
        head = _head_of_file(path)
        part = head.place_of(name)
        if not 0 <= span[0] <= span[1] <= part.end - part.begin:
            raise ContainerError(f"has no bytes {span[0]} to {span[1]} in part {name}")
        return _bytes_at(path, len(head.header_bytes) + part.begin + span[0], span[1] - span[0])
    except ContainerError as error:
        raise MapFileError(str(path), str(error), _REMEDY) from error


def bytes_by_part(path: Path) -> dict[str, int]:
    """Return the bytes of each tensor, and of all else as `header`; they add up to the file."""
    try:
        return part_sizes(_read_bytes(path))
    except ContainerError as error:
        raise MapFileError(str(path), str(error), _REMEDY) from error


def part_sizes(data: bytes) -> dict[str, int]:
    """Return the same for the bytes of a map file; ContainerError if they are none."""
    head = _head_of(data, len(data))
    parts = {part.name: part.end - part.begin for part in head.parts}
    return {**parts, "header": len(data) - sum(parts.values())}


def _head_of(data: bytes, num_file_bytes: int) -> MapHead:
    header_bytes = data[: header_length(data, num_file_bytes)]
    metadata = metadata_of(header_bytes)
    header, table = decode_map_header(metadata)
    check_header(header_bytes, metadata, num_file_bytes)
    parts = parts_of(table, num_file_bytes - len(header_bytes))
    return MapHead(header=header, parts=parts, header_bytes=header_bytes)


def _head_of_file(path: Path) -> MapHead:
    num_bytes = _num_bytes(path)
    start = header_length(_bytes_at(path, 0, LENGTH_BYTES), num_bytes)
    return _head_of(_bytes_at(path, 0, start), num_bytes)


def _read_bytes(path: Path) -> bytes:
    return _bytes_at(path, 0, _num_bytes(path))


def _num_bytes(path: Path) -> int:
    try:
        num_bytes = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    if num_bytes > MAX_FILE_BYTES:
        raise MapFileError(str(path), f"has {num_bytes} bytes, more than any map", "Give a map.")
    return num_bytes


def _bytes_at(path: Path, begin: int, count: int) -> bytes:
    try:
        with path.open("rb") as stream:
            stream.seek(begin)
            return stream.read(count)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> MapFileError:
    return MapFileError(
        str(path), f"cannot be read ({error.strerror})", "Give the path of a map file."
    )
