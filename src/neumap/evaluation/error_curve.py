"""Cumulative error curves: the share of the queries below an error, for every error."""

from collections.abc import Sequence

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.curve_panels import CurveAxes, ErrorCurve, panels_svg
from neumap.evaluation.inline_svg import ACCENT, colors_by_label
from neumap.evaluation.joint_summary import JointSummary
from neumap.evaluation.page import size_text
from neumap.evaluation.summary import Summary


def error_curves_svg(summary: Summary, *, name: str) -> str:
    """Draw position and rotation error side by side, on logarithmic axes.

    A failed query never counts as reached, so a curve ends below 100 % where queries failed. Ids
    in the picture start with `name`.
    """
    return panels_svg(
        {"": [_curve(summary, summary.scene, ACCENT)]},
        _axes(summary, "m" if summary.units == "metre" else "scene units"),
        name=name,
        alt="Share of the queries below each position error and each rotation error",
    )


def joint_curves_svg(joint: JointSummary, *, name: str) -> str:
    """Draw one curve a scene in each plot, in the unit of the pooled figures."""
    colors = colors_by_label([row.scene for row in joint.rows])
    curves = [_curve(row, row.scene, colors[row.scene]) for row in joint.rows]
    return panels_svg(
        {"": curves},
        _axes(joint.pooled, "fraction of the median depth" if joint.is_relative else "m"),
        name=name,
        alt=f"Share of the queries below an error in {', '.join(c.label for c in curves)}",
    )


def method_curves_svg(
    rows: Sequence[BenchmarkRow], colors: dict[str, str], *, unit: str, name: str
) -> str:
    """Draw the methods of one scene, a column of plots for each budget.

    Methods whose bytes cannot be chosen are dashed and stand in every column. `colors` has one
    for each method; `unit` is that of the position errors.
    """
    free = [row for row in rows if row.budget_bytes is None]
    budgets = sorted({row.budget_bytes for row in rows if row.budget_bytes is not None})
    panels = {
        f"at most {size_text(budget)}": [row for row in rows if row.budget_bytes == budget] + free
        for budget in budgets
    } or {"": free}
    methods = list(dict.fromkeys(row.method for row in rows))
    return panels_svg(
        {
            title: [
                _curve(row.summary, row.method, colors[row.method], is_dashed=row in free)
                for row in shown
            ]
            for title, shown in panels.items()
        },
        _axes(rows[0].summary, unit),
        name=name,
        alt=f"Share of the queries below an error, for {', '.join(methods)}",
    )


def _curve(summary: Summary, label: str, color: str, *, is_dashed: bool = False) -> ErrorCurve:
    return ErrorCurve(
        label=label,
        position_errors=tuple(query.position_error for query in summary.scores),
        rotation_errors_deg=tuple(query.rotation_error_deg for query in summary.scores),
        color=color,
        is_dashed=is_dashed,
    )


def _axes(thresholds_of: Summary, unit: str) -> CurveAxes:
    recalls = thresholds_of.recalls
    return CurveAxes(
        position_label=f"position error ({unit})",
        positions=tuple(r.position for r in recalls if r.position is not None),
        rotations_deg=tuple(r.rotation_deg for r in recalls if r.rotation_deg is not None),
    )
