"""The header of a map as text: JSON with short keys, defaults left out."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from neumap.codes.safe_container import ContainerError, parse_json_object

FORMAT_VERSION = 2
REQUIRED_KEYS = ("units", "origin", "decoder", "extractor", "layout", "provenance")
SHORT_KEYS = {
    "units": "u",
    "origin": "o",
    "layout": "l",
    "provenance": "p",
    "neumap": "g",
    "images": "n",
    "source": "s",
    "seed": "r",
}
"""Header keys and what they are called in the file, at any depth; other keys stay as they are."""
LONG_KEYS = {short: long for long, short in SHORT_KEYS.items()}
VERSION_KEY, NETWORKS_KEY, PARTS_KEY = "v", "d", "t"
DEFAULT_UNITS = "metre"
DEFAULT_KIND = "anchored"
DEFAULT_LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "anchored": {"q": 2000, "w": 16, "z": 2},
    "paper": {"q": 2000},
}
"""What a layout of each kind holds where the file does not say it; all of it must be there."""
_OWN_KEYS = (VERSION_KEY, NETWORKS_KEY, PARTS_KEY)
_DECODER_BYTES, _EXTRACTOR_BYTES = 8, 4
# JSON inside a JSON text would need a backslash before each of its quotes.
_SWAPPED_QUOTES = str.maketrans("\"'", "'\"")


def encode_map_header(header: Mapping[str, Any], parts: Any) -> str:  # noqa: ANN401  JSON
    """Return the text for a header and its table of parts (None: one part of bytes).

    ValueError says what the format cannot hold.
    """
    defect = header_defect(header)
    if defect is not None:
        raise ValueError(f"the header {defect}")
    fields = {key: value for key, value in header.items() if key not in ("decoder", "extractor")}
    if fields["units"] == DEFAULT_UNITS:
        del fields["units"]
    default = {"k": DEFAULT_KIND, **DEFAULT_LAYOUTS[fields["layout"]["k"]]}
    layout = fields["layout"].items()
    fields["layout"] = {key: value for key, value in layout if default.get(key) != value}
    fields = _renamed(fields, SHORT_KEYS)
    networks = bytes.fromhex(header["decoder"] + header["extractor"])
    fields[NETWORKS_KEY] = base64.b64encode(networks).decode()
    fields[VERSION_KEY] = FORMAT_VERSION
    if parts is not None:
        fields[PARTS_KEY] = parts
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.translate(_SWAPPED_QUOTES)


def decode_map_header(text: str) -> tuple[dict[str, Any], Any]:  # Any: JSON values
    """Return header and table of parts; ContainerError on another version or another spelling."""
    version = re.search(r"""['"]v['"]:(\d{1,9})\b""", text)
    if version is None or int(version[1]) != FORMAT_VERSION:
        stated = version[1] if version is not None else "unknown"
        raise ContainerError(f"is of format version {stated}, this neumap reads {FORMAT_VERSION}")
    fields = parse_json_object(text.translate(_SWAPPED_QUOTES))
    if not {"o", "l", "p", *_OWN_KEYS[:2]} <= set(fields) or not isinstance(fields["l"], dict):
        raise ContainerError("has a header that lacks a key")
    parts = fields.pop(PARTS_KEY, None)
    networks = _networks_of(fields.pop(NETWORKS_KEY))
    del fields[VERSION_KEY]
    header: dict[str, Any] = {"units": DEFAULT_UNITS, **_renamed(fields, LONG_KEYS)}
    layout: dict[str, Any] = header["layout"]
    kind = layout.get("k", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in DEFAULT_LAYOUTS:
        raise ContainerError("does not say which decoder reads it")
    header["layout"] = {"k": kind, **DEFAULT_LAYOUTS[kind], **layout}
    header["decoder"] = networks[:_DECODER_BYTES].hex()
    header["extractor"] = networks[_DECODER_BYTES:].hex()
    defect = header_defect(header)
    if defect is not None:
        raise ContainerError(f"has a header that {defect}")
    if encode_map_header(header, parts) != text:
        raise ContainerError("has a header that is not in canonical form")
    return header, parts


def header_defect(header: Mapping[str, Any]) -> str | None:
    """Say what keeps a header out of a map file, None if nothing does."""
    missing = [key for key in REQUIRED_KEYS if key not in header]
    if missing:
        return f"lacks {', '.join(missing)}"
    reserved = sorted(_all_keys(header) & {*LONG_KEYS, *_OWN_KEYS})
    if reserved:
        return f"uses the reserved keys {', '.join(reserved)}"
    layout = header["layout"]
    if not isinstance(layout, Mapping) or layout.get("k") not in DEFAULT_LAYOUTS:
        return "has a layout of no known kind"
    missing = sorted(set(DEFAULT_LAYOUTS[layout["k"]]) - set(layout))
    if missing:
        return f"has a layout without {', '.join(missing)}"
    origin = header["origin"]
    if not isinstance(origin, list | tuple) or len(origin) != 3:
        return "has an origin that is not three numbers"
    if not all(isinstance(x, int | float) and abs(x) < 1e12 for x in origin):
        return "has an origin that is not three numbers"
    for key, num_bytes in (("decoder", _DECODER_BYTES), ("extractor", _EXTRACTOR_BYTES)):
        if not re.fullmatch(f"[0-9a-f]{{{2 * num_bytes}}}", str(header[key])):
            return f"names the {key} with something else than {2 * num_bytes} hexadecimal digits"
    return None


def _networks_of(text: object) -> bytes:
    try:
        networks = base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ContainerError("has a header that does not name its networks") from error
    if len(networks) != _DECODER_BYTES + _EXTRACTOR_BYTES:
        raise ContainerError("has a header that does not name its networks")
    return networks


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
