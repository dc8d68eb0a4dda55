"""Plots of cumulative error curves, one or several columns of them in one picture."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from neumap.evaluation.inline_svg import INK, bare_axes, inline_svg, legend_text

MAX_STEPS = 150
"""A curve of more queries is drawn in so many steps: finer ones would not be seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorCurve:
    """The errors of one curve; a failed query is infinite."""

    label: str
    position_errors: tuple[float, ...]
    rotation_errors_deg: tuple[float, ...]
    color: str
    is_dashed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CurveAxes:
    """What all columns have in common."""

    position_label: str
    """Names the position axis, with its unit."""
    positions: tuple[float, ...]
    """Thresholds that are marked, in that unit."""
    rotations_deg: tuple[float, ...]


def panels_svg(
    panels: Mapping[str, Sequence[ErrorCurve]], common: CurveAxes, *, name: str, alt: str
) -> str:
    """Draw position and rotation errors on logarithmic axes, in a column of plots for each title.

    One column has both plots side by side, several have them one below the other. A label has the
    same colour in all columns. Ids in the picture start with `name`.
    """
    curves = [curve for column in panels.values() for curve in column]
    spans = (
        _span([curve.position_errors for curve in curves], common.positions),
        _span([curve.rotation_errors_deg for curve in curves], common.rotations_deg),
    )
    labels = list(dict.fromkeys(curve.label for curve in curves))
    num_rows, count = (1, 2) if len(panels) == 1 else (2, len(panels))
    legend_inches = 0.25 * math.ceil(len(labels) / 5) if len(labels) > 1 else 0.0
    figure = Figure(figsize=(9.6, 2.85 * num_rows + 0.25 + legend_inches), layout="constrained")
    handles: dict[str, Artist] = {}
    for column, (title, shown) in enumerate(panels.items(), start=1):
        position = bare_axes(figure, column, count=count, num_rows=num_rows)
        place = 2 if num_rows == 1 else column + count
        rotation = bare_axes(figure, place, count=count, num_rows=num_rows)
        position.set_title(title, color=INK, fontsize=10)
        label = common.position_label
        if len(panels) > 2:  # narrow: the unit stands below
            label = label.replace(" (", "\n(")
        _prepare(position, spans[0], common.positions, label)
        _prepare(rotation, spans[1], common.rotations_deg, "rotation error (degrees)")
        for axes in (position, rotation):
            if column == 1:
                axes.set_ylabel("queries below (%)")
        for curve in reversed(shown):  # the first lies on top
            handles[curve.label] = _draw(position, curve, curve.position_errors)
            _draw(rotation, curve, curve.rotation_errors_deg)
            if len(curves) == 1:
                _shade(position, curve.color)
                _shade(rotation, curve.color)
    if len(labels) > 1:
        figure.legend(
            [handles[label] for label in labels],
            [legend_text(label) for label in labels],
            loc="outside lower center",
            ncols=min(5, len(labels)),
            frameon=False,
            labelcolor=INK,
        )
    return inline_svg(figure, name=name, alt=alt)


def _span(errors: Sequence[Sequence[float]], thresholds: Sequence[float]) -> tuple[float, float]:
    """Return where the axis of all these curves begins and ends."""
    finite = [error for curve in errors for error in curve if math.isfinite(error)]
    largest, smallest = max(finite, default=0.0), min(finite, default=0.0)
    ceiling = max([3 * largest, 1e-9, *(1.5 * threshold for threshold in thresholds)])
    floor = min(max(0.3 * smallest, 1e-4 * ceiling), 0.1 * ceiling)
    return floor, ceiling


def _prepare(
    axes: Axes, span: tuple[float, float], thresholds: Sequence[float], label: str
) -> None:
    for threshold in sorted(set(thresholds)):
        axes.axvline(threshold, color=INK, alpha=0.45, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xscale("log")
    axes.set_xlim(*span)
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
    axes.set_ylim(0, 102)
    axes.set_xlabel(label)


def _draw(axes: Axes, curve: ErrorCurve, errors: Sequence[float]) -> Artist:
    floor, ceiling = axes.get_xlim()
    finite = np.sort([error for error in errors if math.isfinite(error)])
    ranks = np.arange(len(finite) + 1)
    if len(finite) > MAX_STEPS:
        ranks = np.unique(np.linspace(0, len(finite), MAX_STEPS + 1).round().astype(np.int64))
    shares = 100 * ranks / len(errors)
    # the curve reaches the share of rank k where the k-th error lies
    x = [floor, *np.maximum(finite[ranks[1:] - 1], floor), ceiling]
    y = [*shares, shares[-1]]
    style = (0, (5, 2)) if curve.is_dashed else "-"
    (line,) = axes.step(x, y, where="post", color=curve.color, linewidth=2, linestyle=style)
    return line


def _shade(axes: Axes, color: str) -> None:
    """Fill what lies below the only curve of the plot."""
    x, y = np.asarray(axes.lines[-1].get_xydata()).T
    axes.fill_between(x, y, step="post", color=color, alpha=0.15, linewidth=0)
