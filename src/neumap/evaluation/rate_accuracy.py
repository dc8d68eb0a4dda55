"""Bytes of a map against the errors of its queries, for several kinds of map: table and picture."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from neumap.evaluation.inline_svg import INK, bare_axes, colors_by_label, inline_svg, legend_text


@dataclass(frozen=True, kw_only=True, slots=True)
class RatePoint:
    """One map of a kind, and its queries' errors; None is infinite (that share has no pose)."""

    map_bytes: int
    median_position_error: float | None
    p75_position_error: float | None
    recall: float | None
    """Share of the queries within what the table names; None where it was not measured."""
    num_failed: int
    num_queries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RateCurve:
    """Maps of one kind and several sizes of one set, small ones first."""

    label: str
    points: tuple[RatePoint, ...]

    def __post_init__(self) -> None:
        """Refuse a curve without points, or not in the order of their sizes."""
        sizes = [point.map_bytes for point in self.points]
        if not sizes or sizes != sorted(sizes):
            raise ValueError(f"{self.label} has sizes {sizes}, expected some in rising order")


def smallest_within(curve: RateCurve, reference: RatePoint, *, factor: float = 1.1) -> int | None:
    """Return the bytes of the smallest map from which on all have about the reference's median.

    `factor` is the largest ratio of the medians. None if the largest map has a larger one.
    """
    if reference.median_position_error is None:
        return None
    most = factor * reference.median_position_error
    smallest: int | None = None
    for point in reversed(curve.points):
        if point.median_position_error is None or point.median_position_error > most:
            break
        smallest = point.map_bytes
    return smallest


def rate_table(curves: Sequence[RateCurve], *, unit: str, recall_name: str) -> str:
    """Return the points of all curves as a Markdown table; errors are in `unit`."""
    lines = [
        f"| map | bytes | median, {unit} | 75 %, {unit} | {recall_name} | no pose |",
        "|---|---|---|---|---|---|",
    ]
    for curve in curves:
        for point in curve.points:
            median, p75 = (
                "inf" if error is None else f"{error:.4f}"
                for error in (point.median_position_error, point.p75_position_error)
            )
            lines.append(
                f"| {curve.label} | {point.map_bytes:,} | {median} | {p75} "
                f"| {_share(point.recall)} | {point.num_failed} of {point.num_queries} |"
            )
    return "\n".join(lines) + "\n"


def rate_svg(
    curves: Sequence[RateCurve],
    *,
    unit: str,
    recall_name: str,
    name: str,
    colors: Mapping[str, str] | None = None,
) -> str:
    """Draw bytes (log) against median error (log) and recall; `name` makes its ids unique.

    A map whose median is infinite is a cross at the top. `colors` has one for each label; without
    it the curves take them in turn.
    """
    if colors is None:
        colors = colors_by_label([curve.label for curve in curves])
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    left, right = (bare_axes(figure, position, count=2) for position in (1, 2))
    handles: dict[str, Artist] = {}
    for curve in reversed(curves):  # the first lies on top
        color = colors[curve.label]
        known = [p for p in curve.points if p.median_position_error is not None]
        errors = [point.median_position_error or 0.0 for point in known]
        _draw(left, [p.map_bytes for p in known], errors, color)
        lost = [p.map_bytes / 1000 for p in curve.points if p.median_position_error is None]
        # in fractions of the axes' height, so that the axes end where the finite errors do
        left.plot(
            *(lost, [0.985] * len(lost), "x"),
            transform=left.get_xaxis_transform(),
            color=color,
            markersize=7.0,
            markeredgewidth=2.0,
        )
        shares = [(p.map_bytes, 100 * p.recall) for p in curve.points if p.recall is not None]
        handles[curve.label] = _draw(right, [x for x, _ in shares], [y for _, y in shares], color)
    left.set_ylabel(f"median position error ({unit})")
    medians = [p.median_position_error for curve in curves for p in curve.points]
    known_medians = [median for median in medians if median is not None]
    if known_medians:
        left.set_yscale("log")
        left.set_ylim(_plain_ticks(left.yaxis, known_medians, margin=1.6, written="{:g}"))
    right.set_ylim(0, 102)
    right.set_ylabel(f"queries within\n{recall_name} (%)")
    sizes_kb = [point.map_bytes / 1000 for curve in curves for point in curve.points]
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlim(_plain_ticks(axes.xaxis, sizes_kb, margin=1.25, written="{:,.6g}"))
        axes.set_xlabel("bytes of the map (kB)")
    labels = [curve.label for curve in curves]
    figure.legend(
        [handles[label] for label in labels],
        [legend_text(label) for label in labels],
        loc="outside lower center",
        ncols=5,
        frameon=False,
        labelcolor=INK,
    )
    alt = f"Bytes of the map against median position error and recall: {', '.join(labels)}"
    return inline_svg(figure, name=name, alt=alt)


def _share(recall: float | None) -> str:
    return "" if recall is None else f"{recall:.0%}"


def _draw(axes: Axes, sizes: list[int], values: list[float], color: str) -> Artist:
    sizes_kb = [size / 1000 for size in sizes]
    (line,) = axes.plot(sizes_kb, values, color=color, linewidth=1.8, marker="o", markersize=4.0)
    return line


def _plain_ticks(
    axis: Axis, values: Sequence[float], *, margin: float, written: str
) -> tuple[float, float]:
    """Label a logarithmic axis with plain numbers; return its ends, a factor off the values."""
    low, high = min(values) / margin, max(values) * margin
    decades = math.log10(high / low)
    # so many ticks that two or more lie on a short axis and few on a long one
    steps = (1, 1.5, 2, 3, 5, 7) if decades < 0.9 else (1, 2, 5) if decades < 2.2 else (1,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _position: written.format(value)))
    axis.set_minor_locator(NullLocator())
    return low, high
