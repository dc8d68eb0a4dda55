"""Cumulative error curves: the share of the queries below an error, for every error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neumap.evaluation.inline_svg import ACCENT, INK, SCENE_COLORS, bare_axes, inline_svg
from neumap.evaluation.joint_summary import JointSummary
from neumap.evaluation.summary import Summary


@dataclass(frozen=True)
class _Line:
    label: str
    errors: tuple[float, ...]
    color: str


def error_curves_svg(summary: Summary, *, name: str) -> str:
    """Draw position and rotation error side by side, on logarithmic axes.

    A failed query never counts as reached, so a curve ends below 100 % where queries failed. Ids
    in the picture start with `name`.
    """
    unit = "m" if summary.units == "metre" else "scene units"
    position = tuple(query.position_error for query in summary.scores)
    rotation = tuple(query.rotation_error_deg for query in summary.scores)
    return _curves_svg(
        [_Line(summary.scene, position, ACCENT)],
        [_Line(summary.scene, rotation, ACCENT)],
        thresholds_of=summary,
        label=f"position error ({unit})",
        name=name,
    )


def joint_curves_svg(joint: JointSummary, *, name: str) -> str:
    """Draw one curve a scene in each plot, in the unit of the pooled figures."""
    unit = "fraction of the median depth" if joint.is_relative else "m"
    colors = [SCENE_COLORS[i % len(SCENE_COLORS)] for i in range(len(joint.scenes))]
    # legends leave out labels that start with an underscore, and read $ as mathematics
    names = [f" {summary.scene}".replace("$", r"\$") for summary in joint.scenes]
    position = [tuple(query.position_error for query in row.scores) for row in joint.rows]
    rotation = [tuple(query.rotation_error_deg for query in row.scores) for row in joint.rows]
    return _curves_svg(
        [_Line(*parts) for parts in zip(names, position, colors, strict=True)],
        [_Line(*parts) for parts in zip(names, rotation, colors, strict=True)],
        thresholds_of=joint.pooled,
        label=f"position error ({unit})",
        name=name,
    )


def _curves_svg(
    position: Sequence[_Line],
    rotation: Sequence[_Line],
    *,
    thresholds_of: Summary,
    label: str,
    name: str,
) -> str:
    recalls = thresholds_of.recalls
    figure = Figure(figsize=(9.6, 3.1 if len(position) == 1 else 3.6), layout="constrained")
    axes = bare_axes(figure, 1, count=2)
    _draw(axes, position, label, [r.position for r in recalls if r.position is not None])
    _draw(
        bare_axes(figure, 2, count=2),
        rotation,
        "rotation error (degrees)",
        [r.rotation_deg for r in recalls if r.rotation_deg is not None],
    )
    if len(position) > 1:
        handles, labels = axes.get_legend_handles_labels()
        columns = min(5, len(labels))
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            labelcolor=INK,
        )
    return inline_svg(figure, name=name)


def _draw(axes: Axes, lines: Sequence[_Line], label: str, thresholds: Sequence[float]) -> None:
    finite = [np.sort([e for e in line.errors if math.isfinite(e)]) for line in lines]
    largest = max((float(errors[-1]) for errors in finite if len(errors)), default=0.0)
    smallest = min((float(errors[0]) for errors in finite if len(errors)), default=0.0)
    ceiling = max([3 * largest, 1e-9, *(1.5 * threshold for threshold in thresholds)])
    floor = min(max(0.3 * smallest, 1e-4 * ceiling), 0.1 * ceiling)
    for line, errors in zip(lines, finite, strict=True):
        shares = 100 * np.arange(len(errors) + 1) / len(line.errors)
        x = [floor, *np.maximum(errors, floor), ceiling]
        y = [*shares, shares[-1]]
        axes.step(x, y, where="post", color=line.color, linewidth=2, label=line.label)
        if len(lines) == 1:
            axes.fill_between(x, y, step="post", color=line.color, alpha=0.15, linewidth=0)
    for threshold in sorted(set(thresholds)):
        axes.axvline(threshold, color=INK, alpha=0.45, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xscale("log")
    axes.set_xlim(floor, ceiling)
    axes.set_ylim(0, 102)
    axes.set_xlabel(label)
    axes.set_ylabel("queries below (%)")
