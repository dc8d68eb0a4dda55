"""The figures of an evaluation as the rows of a printed table."""

import math

from neumap.cli.sizes import format_size
from neumap.evaluation import Summary


def summary_rows(summary: Summary, *, is_relative: bool = False) -> list[tuple[str, str]]:
    """Return label and value of every figure, failures included.

    `is_relative`: positions are fractions of the median depths of several scenes.
    """
    unit = "m" if summary.units == "metre" else "median depths" if is_relative else "scene units"
    found = summary.num_queries - summary.num_failed
    rows = [("queries localised", f"{found} of {summary.num_queries}")]
    for percent, label in ((50, "median"), (75, "75th percentile"), (90, "90th percentile")):
        position = _number(summary.position_percentiles[percent], unit)
        rotation = _number(summary.rotation_percentiles_deg[percent], "deg")
        rows.append(
            (f"error, {label}", position if position == rotation else f"{position}, {rotation}")
        )
    for recall in summary.recalls:
        if recall.depth_fraction is None:
            position = f"{recall.position:g} m"
        else:
            position = f"{100 * recall.depth_fraction:g} % of the median depth"
        rotation = "" if recall.rotation_deg is None else f", {recall.rotation_deg:g} deg"
        rows.append((f"within {position}{rotation}", f"{recall.share:.1%}"))
    rows += _curve_rows(summary)
    rows.append(("inliers, median", f"{summary.num_inliers_median:g} ({summary.inlier_ratio:.0%})"))
    if summary.median_depth is not None and not is_relative:
        rows.append(("median depth of the scene", _number(summary.median_depth, unit)))
    if summary.map_bytes is not None:
        rows.append(("map file", format_size(summary.map_bytes)))
    if summary.mapping_seconds is not None:
        rows.append(("mapping time", f"{summary.mapping_seconds:.1f} s"))
    if summary.query_ms_median is not None:
        rows.append(("query time, median", f"{summary.query_ms_median:.0f} ms"))
    return rows


def _curve_rows(summary: Summary) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for area in summary.curve_areas:
        if area.depth_fraction is None:
            limit = f"{area.position:g} m"
        else:
            limit = f"{100 * area.depth_fraction:g} % of the median depth"
        rows.append((f"area under the error curve to {limit}", f"{area.area:.3f}"))
    trajectory = summary.trajectory
    if trajectory is not None and trajectory.rmse is not None:
        unit = "m" if summary.units == "metre" else "scene units"
        aligned = ", after a similarity fit" if trajectory.alignment == "similarity" else ""
        rows.append(
            (
                f"trajectory error (RMSE of {trajectory.num_poses} positions{aligned})",
                _number(trajectory.rmse, unit),
            )
        )
    return rows


def _number(value: float, unit: str) -> str:
    return "failed" if math.isinf(value) else f"{value:.4g} {unit}"
