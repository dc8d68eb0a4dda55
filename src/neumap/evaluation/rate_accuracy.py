"""Bytes of a map against the errors of its queries, for several kinds of map: table and picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neumap.evaluation.inline_svg import INK, SCENE_COLORS, bare_axes, inline_svg


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


def rate_svg(curves: Sequence[RateCurve], *, unit: str, recall_name: str, name: str) -> str:
    """Draw bytes (log) against median error (log) and recall; `name` makes its ids unique."""
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    left, right = (bare_axes(figure, position, count=2) for position in (1, 2))
    for curve, color in zip(curves, _colors(len(curves)), strict=True):
        known = [p for p in curve.points if p.median_position_error is not None]
        errors = [point.median_position_error or 0.0 for point in known]
        _draw(left, [point.map_bytes for point in known], errors, curve.label, color)
        shares = [(p.map_bytes, 100 * p.recall) for p in curve.points if p.recall is not None]
        _draw(right, [size for size, _ in shares], [y for _, y in shares], curve.label, color)
    left.set_yscale("log")
    left.set_ylabel(f"median position error ({unit})")
    right.set_ylim(0, 102)
    right.set_ylabel(f"queries within {recall_name} (%)")
    sizes = [point.map_bytes for curve in curves for point in curve.points]
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlim(0.8 * min(sizes), 1.25 * max(sizes))
        axes.set_xlabel("bytes of the map")
    handles, labels = right.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=5, frameon=False, labelcolor=INK
    )
    return inline_svg(figure, name=name)


def _share(recall: float | None) -> str:
    return "" if recall is None else f"{recall:.0%}"


def _draw(axes: Axes, sizes: list[int], values: list[float], label: str, color: str) -> None:
    axes.plot(sizes, values, label=label, color=color, linewidth=1.8, marker="o", markersize=4.0)


def _colors(count: int) -> list[str]:
    return [SCENE_COLORS[index % len(SCENE_COLORS)] for index in range(count)]
