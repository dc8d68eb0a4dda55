"""Templates of the pages, and how they write numbers."""

import math
from functools import cache
from importlib import resources

import jinja2

from neumap.evaluation.recall import CurveArea, Recall

_DASH = "–"  # noqa: RUF001  the typographic dash of an empty table cell


@cache
def page_template(name: str) -> jinja2.Template:
    """Return the template `name` of this package; what it is given is escaped."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_source),
    )
    environment.filters["figure"] = figure_text
    environment.filters["error"] = error_text
    environment.filters["size"] = size_text
    environment.filters["threshold"] = threshold_text
    return environment.get_template(name)


def figure_text(value: float | None, digits: int = 3, max_decimals: int = 4) -> str:
    """Write a number with so many significant digits; infinite is "failed", unknown a dash."""
    if value is None:
        return _DASH
    if math.isinf(value):
        return "failed"
    if value == 0:
        return "0"
    least = 10.0**-max_decimals
    if abs(value) < 0.5 * least:
        return f"< {least:.{max_decimals}f}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, max_decimals)}f}"


def error_text(value: float | None) -> str:
    """Write an error that is compared with others: three digits also of small ones."""
    return figure_text(value, max_decimals=6)


def size_text(value: int | None) -> str:
    """Write bytes with a decimal unit; unknown is a dash."""
    if value is None:
        return _DASH
    if value < 1000:
        return f"{value:,} B"
    return f"{value / 1e3:,.1f} kB" if value < 999_950 else f"{value / 1e6:,.2f} MB"


def threshold_text(entry: Recall | CurveArea) -> str:
    """Write the threshold of a recall or of an area, such as `0.05 m, 5°`."""
    if entry.depth_fraction is not None:
        position = f"{100 * entry.depth_fraction:g} % of the median depth"
    else:
        position = f"{entry.position:g} m"
    rotation_deg = entry.rotation_deg if isinstance(entry, Recall) else None
    return position if rotation_deg is None else f"{position}, {rotation_deg:g}°"


def _source(name: str) -> str:
    return resources.files("neumap.evaluation").joinpath(name).read_text(encoding="utf-8")
