"""The file of an anchored map: what its header says of the codes, and how many bytes it takes."""

from collections.abc import Mapping
from typing import Any

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.map_file import map_file_bytes


def header_with_codes(header: Mapping[str, Any], codes: AnchoredCodes) -> dict[str, Any]:
    """Return the header with what these codes need to be read, and nothing of others."""
    return {
        **header,
        "origin": [float(v) for v in codes.origin],
        "layout": {"k": header["layout"]["k"], "q": header["layout"]["q"], **codes.layout()},
    }


def file_bytes(header: Mapping[str, Any], codes: AnchoredCodes) -> int:
    """Count the bytes of the map file with these codes."""
    return len(map_file_bytes(header_with_codes(header, codes), codes.to_tensors()))


def expected_file_bytes(header: Mapping[str, Any], codes: AnchoredCodes) -> int:
    """Return the same without coding anything, to a byte or two a voxel."""
    return len(map_file_bytes(header_with_codes(header, codes), codes.blank_tensors()))
