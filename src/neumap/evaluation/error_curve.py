"""Cumulative error curves: the share of the queries below an error, for every error."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neumap.evaluation.inline_svg import ACCENT, INK, bare_axes, inline_svg
from neumap.evaluation.summary import Summary


def error_curves_svg(summary: Summary) -> str:
    """Draw position and rotation error side by side, on logarithmic axes.

    A failed query never counts as reached, so a curve ends below 100 % where queries failed.
    """
    figure = Figure(figsize=(9.6, 3.1), layout="constrained")
    unit = "m" if summary.units == "metre" else "scene units"
    _curve(
        bare_axes(figure, 1, count=2),
        [query.position_error for query in summary.scores],
        label=f"position error ({unit})",
        thresholds=[r.position for r in summary.recalls if r.position is not None],
    )
    _curve(
        bare_axes(figure, 2, count=2),
        [query.rotation_error_deg for query in summary.scores],
        label="rotation error (degrees)",
        thresholds=[r.rotation_deg for r in summary.recalls if r.rotation_deg is not None],
    )
    return inline_svg(figure, name="curves")


def _curve(axes: Axes, errors: Sequence[float], *, label: str, thresholds: Sequence[float]) -> None:
    finite = np.sort([error for error in errors if math.isfinite(error)])
    largest = float(finite[-1]) if len(finite) else 0.0
    ceiling = max([3 * largest, 1e-9, *(1.5 * threshold for threshold in thresholds)])
    smallest = float(finite[0]) if len(finite) else 0.0
    floor = min(max(0.3 * smallest, 1e-4 * ceiling), 0.1 * ceiling)
    shares = 100 * np.arange(len(finite) + 1) / len(errors)
    edges = np.concatenate([[floor], np.maximum(finite, floor)])
    axes.step([*edges, ceiling], [*shares, shares[-1]], where="post", color=ACCENT, linewidth=2)
    axes.fill_between(
        [*edges, ceiling], [*shares, shares[-1]], step="post", color=ACCENT, alpha=0.15, linewidth=0
    )
    for threshold in sorted(set(thresholds)):
        axes.axvline(threshold, color=INK, alpha=0.45, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xscale("log")
    axes.set_xlim(floor, ceiling)
    axes.set_ylim(0, 102)
    axes.set_xlabel(label)
    axes.set_ylabel("queries below (%)")
