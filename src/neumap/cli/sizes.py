"""Sizes in bytes as people write them."""

import re

from neumap.errors import OptionError

_FACTORS = {
    **{"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3},
    **{"kib": 1024, "mib": 1024**2, "gib": 1024**3},
}


def parse_size(text: str, *, option: str) -> int:
    """Return the bytes of `28kB` (28000), `4.2kB`, `1MiB` or a bare number.

    Raises OptionError that names the option.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z]*)\s*", text)
    factor = _FACTORS.get(match[2].lower()) if match else None
    num_bytes = round(float(match[1]) * factor) if match and factor else 0
    if num_bytes < 1:
        raise OptionError(option, f"{text!r} is not a size", "Write for instance 28kB or 1MiB.")
    return num_bytes


def format_size(num_bytes: int) -> str:
    """Write bytes with thousands separators and, from 1000 on, in kB."""
    if num_bytes < 1000:
        return f"{num_bytes} B"
    return f"{num_bytes:,} B ({num_bytes / 1000:,.1f} kB)"
