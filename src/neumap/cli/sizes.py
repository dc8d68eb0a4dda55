"""Sizes in bytes as people write them."""

import re

from neumap.errors import OptionError

_FACTORS = {
    **{"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3},
    **{"kib": 1024, "mib": 1024**2, "gib": 1024**3},
}
_MOST_BYTES = 2**63


def parse_size(text: str, *, option: str) -> int:
    """Return the bytes of `28kB` (28000), `4.2kB`, `1MiB` or `900B`.

    Raises OptionError that names the option. A number without a unit is refused: 28 may be meant
    as kilobytes.
    """
    match = re.fullmatch(r"\s*([-+]?)(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z]*)\s*", text)
    remedy = "Write for instance 28kB or 1MiB."
    if match and not match[3]:
        raise OptionError(option, f"{text!r} has no unit", remedy)
    factor = _FACTORS.get(match[3].lower()) if match else None
    if match is None or factor is None:
        raise OptionError(option, f"{text!r} is not a size", remedy)
    size = float(match[2]) * factor
    if size > _MOST_BYTES:
        raise OptionError(option, f"{text!r} is larger than any file", remedy)
    if match[1] == "-" or round(size) < 1:
        raise OptionError(option, f"{text!r} is not above zero", remedy)
    return round(size)


def format_size(num_bytes: int) -> str:
    """Write bytes with thousands separators and, from 1000 on, in kB."""
    if num_bytes < 1000:
        return f"{num_bytes} B"
    return f"{num_bytes:,} B ({num_bytes / 1000:,.1f} kB)"
