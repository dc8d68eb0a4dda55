"""The table of a benchmark: rows of one scene with the best figures at equal bytes marked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.equal_bytes import (
    FAILED,
    OWN_METHOD,
    POSITION,
    ROTATION,
    Contest,
    compared_figures,
    contests,
    table_recalls,
)
from neumap.evaluation.page import error_text, figure_text, size_text, threshold_text
from neumap.evaluation.recall import Recall


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCell:
    """A figure that rows are compared in."""

    text: str
    is_best: bool
    """Whether no map of as many bytes is better, and one is worse."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """One map, as text."""

    method: str
    budget: str
    map_bytes: str
    mapping: str
    query: str
    cells: tuple[TableCell, ...]
    """Median position and rotation error, recalls, failures."""
    is_own: bool
    is_first_of_budget: bool


def in_table_order(rows: Sequence[BenchmarkRow]) -> list[BenchmarkRow]:
    """Order by scene, then budget (small ones first, maps without one last), then method.

    Scenes and methods keep the order in which they come first, but neumap precedes the others.
    """
    scenes = list(dict.fromkeys(row.scene for row in rows))
    methods = list(dict.fromkeys([OWN_METHOD, *(row.method for row in rows)]))
    return sorted(
        rows,
        key=lambda row: (
            scenes.index(row.scene),
            math.inf if row.budget_bytes is None else row.budget_bytes,
            methods.index(row.method),
        ),
    )


def recall_heads(rows: Sequence[BenchmarkRow]) -> tuple[str, ...]:
    """Return the thresholds of the recalls among `TableRow.cells`, as short words."""
    return tuple(recall_head(recall) for recall in table_recalls(rows[0]))


def recall_head(recall: Recall) -> str:
    """Write a threshold in short words: the page says once whose depth is meant."""
    return threshold_text(recall).replace("the median depth", "depth")


def table_rows(rows: Sequence[BenchmarkRow]) -> tuple[TableRow, ...]:
    """Write the rows of one scene, in the order given."""
    held = contests(rows)
    return tuple(
        TableRow(
            method=row.method,
            budget="any" if row.budget_bytes is None else size_text(row.budget_bytes),
            map_bytes=f"{row.map_bytes:,}",
            mapping=figure_text(row.mapping_seconds),
            query=figure_text(row.summary.query_ms_median),
            cells=_cells(row, held),
            is_own=row.method == OWN_METHOD,
            is_first_of_budget=bool(idx) and row.budget_bytes != rows[idx - 1].budget_bytes,
        )
        for idx, row in enumerate(rows)
    )


def _cells(row: BenchmarkRow, held: Sequence[Contest]) -> tuple[TableCell, ...]:
    summary = row.summary
    texts = {
        POSITION: error_text(summary.position_percentiles[50]),
        ROTATION: error_text(summary.rotation_percentiles_deg[50]),
        **{f"recall {r.label}": f"{100 * r.share:.1f} %" for r in table_recalls(row)},
        FAILED: f"{summary.num_failed} of {summary.num_queries}",
    }
    return tuple(
        TableCell(text=text, is_best=_is_best(row, figure, held)) for figure, text in texts.items()
    )


def _is_best(row: BenchmarkRow, figure: str, held: Sequence[Contest]) -> bool:
    own = compared_figures(row)[figure]
    return any(
        own == contest.best(figure)
        and any(compared_figures(other)[figure] != own for other in contest.rows)
        for contest in held
        if row in contest.rows
    )
