"""What the table of a benchmark leaves out: percentiles, areas under the curve, trajectories."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.page import error_text, figure_text, size_text, threshold_text
from neumap.evaluation.trajectory_error import TrajectoryError

PERCENTS = (75, 90)


@dataclass(frozen=True, kw_only=True, slots=True)
class FurtherRow:
    """Further figures of one map, as text."""

    method: str
    budget: str
    cells: tuple[str, ...]
    is_own: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FurtherFigures:
    """Further figures of one scene, or of all of them pooled."""

    area_heads: tuple[str, ...]
    has_trajectory: bool
    """Whether there is a trajectory error, which pooled scenes do not have."""
    alignment: str
    """A sentence about what was aligned for the trajectory error."""
    rows: tuple[FurtherRow, ...]


def further_figures(rows: Sequence[BenchmarkRow], *, own_method: str) -> FurtherFigures:
    """Write the further figures of the rows of one scene, in the order given."""
    trajectories = [row.summary.trajectory for row in rows]
    has_trajectory = any(trajectory is not None for trajectory in trajectories)
    return FurtherFigures(
        area_heads=tuple(
            threshold_text(area).replace("the median depth", "depth")
            for area in rows[0].summary.curve_areas
        ),
        has_trajectory=has_trajectory,
        alignment=_alignment_sentence(trajectories) if has_trajectory else "",
        rows=tuple(
            FurtherRow(
                method=row.method,
                budget="any" if row.budget_bytes is None else size_text(row.budget_bytes),
                cells=_cells(row, has_trajectory=has_trajectory),
                is_own=row.method == own_method,
            )
            for row in rows
        ),
    )


def _cells(row: BenchmarkRow, *, has_trajectory: bool) -> tuple[str, ...]:
    summary = row.summary
    return (
        *(error_text(summary.position_percentiles[percent]) for percent in PERCENTS),
        *(error_text(summary.rotation_percentiles_deg[percent]) for percent in PERCENTS),
        *(f"{100 * area.area:.1f} %" for area in summary.curve_areas),
        *((_trajectory_text(summary.trajectory),) if has_trajectory else ()),
    )


def _trajectory_text(trajectory: TrajectoryError | None) -> str:
    if trajectory is None:
        return figure_text(None)
    rmse = math.inf if trajectory.rmse is None else trajectory.rmse
    return f"{error_text(rmse)} ({trajectory.num_poses})"


def _alignment_sentence(trajectories: Sequence[TrajectoryError | None]) -> str:
    """Say whether positions were aligned before the trajectory error was taken."""
    if any(found is not None and found.alignment == "similarity" for found in trajectories):
        return (
            "The true poses have no metric scale, so a similarity was fitted to the positions "
            "before their trajectory error was taken; no other figure is aligned."
        )
    return "Nothing is aligned: maps lie in the frame of the true poses."
