"""The errors to expect of a map, as the verbs print them."""

import math
from typing import Any

from neumap.codes.forecast import Forecast
from neumap.images.posed_image import Units


def expected_rows(
    forecast: Forecast | None, map_bytes: int, *, units: Units
) -> list[tuple[str, str]]:
    """Return rows of a table: errors of a map of this size, and how much larger they are."""
    found = None if forecast is None else forecast.at(map_bytes)
    if forecast is None or found is None:
        return [("expected error", "unknown: no mapping photos were held out for this size")]
    median, p75 = (_length(value, units) for value in found)
    full = _length(forecast.all_points.median, units)
    return [
        ("expected error", f"{median} median, {p75} at 75 %"),
        ("  of all points", f"{full} median{_more(forecast, found[0])}"),
        ("  told by", f"{forecast.num_photos} held-out photos"),
    ]


def expected_json(forecast: Forecast | None, map_bytes: int) -> dict[str, Any] | None:
    """Return the same as JSON values, lengths in scene units; null for infinite ones."""
    found = None if forecast is None else forecast.at(map_bytes)
    if forecast is None or found is None:
        return None
    return {
        "median_position_error": _finite(found[0]),
        "p75_position_error": _finite(found[1]),
        "all_points_median_position_error": _finite(forecast.all_points.median),
        "num_held_out": forecast.num_photos,
    }


def _more(forecast: Forecast, median: float) -> str:
    full = forecast.all_points.median
    if not (math.isfinite(median) and math.isfinite(full) and full > 0):
        return ""
    return f"; here {median / full - 1:+.0%}"


def _length(value: float, units: Units) -> str:
    if not math.isfinite(value):
        return "no pose"
    return f"{100 * value:.2g} cm" if units == "metre" else f"{value:.2g} units"


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
