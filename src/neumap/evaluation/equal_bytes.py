"""Which maps are the best at equal bytes, where neumap's are not, and whether by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.bootstrap import Interval, Resampling
from neumap.evaluation.comparison import compare_figure
from neumap.evaluation.paired_runs import pair_runs
from neumap.evaluation.recall import Recall

OWN_METHOD = "neumap"
METRE_RECALLS = ("0.05m_5deg", "0.1m_5deg", "0.25m_2deg", "0.5m_5deg", "5m_10deg")
"""Thresholds of every table: indoor sets, then visuallocalization.net."""

POSITION, ROTATION, FAILED = "median position error", "median rotation error", "failed queries"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Contest:
    """The maps of a scene that take at most so many bytes, of at least two methods."""

    scene: str
    budget_bytes: int
    rows: tuple[BenchmarkRow, ...]

    def best(self, figure: str) -> float:
        """Return the best value of a figure (see `compared_figures`)."""
        choose = max if _is_recall(figure) else min
        return choose(compared_figures(row)[figure] for row in self.rows)

    def best_methods(self, figure: str) -> list[str]:
        """Return the methods whose map has the best value, in order of the rows."""
        best = self.best(figure)
        found = [row for row in self.rows if compared_figures(row)[figure] == best]
        return list(dict.fromkeys(row.method for row in found))


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """A figure in which another map of no more bytes is better than neumap's."""

    scene: str
    budget_bytes: int
    figure: str
    own: float
    best: float
    best_methods: tuple[str, ...]
    gap: Interval | None
    """How much neumap's is worse than the first of the best, over queries and seeds: a ratio of
    errors, a difference of shares. None where the two were not asked the same queries."""

    @property
    def is_decided(self) -> bool:
        """Whether the interval leaves out that the two are equal."""
        if self.gap is None:
            return False
        equal = 1.0 if self.figure in (POSITION, ROTATION) else 0.0
        return self.gap.low > equal or self.gap.high < equal


def table_recalls(row: BenchmarkRow) -> list[Recall]:
    """Return the recalls of the table: METRE_RECALLS and the row's, or all relative ones."""
    return [
        recall
        for recall in row.summary.recalls
        if recall.depth_fraction is not None or recall.label in (*METRE_RECALLS, *row.main_recalls)
    ]


def main_recall(row: BenchmarkRow) -> Recall:
    """Return the recall that the data set is judged by first."""
    shown = table_recalls(row)
    return next((recall for recall in shown if recall.label in row.main_recalls[:1]), shown[0])


def compared_figures(row: BenchmarkRow) -> dict[str, float]:
    """Return what rows are compared in: errors, shares of the queries by threshold, failures.

    Errors have three digits and shares tenths of a percent, as the table writes them: what looks
    equal there is equal.
    """
    summary = row.summary
    return {
        POSITION: float(f"{summary.position_percentiles[50]:.3g}"),
        ROTATION: float(f"{summary.rotation_percentiles_deg[50]:.3g}"),
        **{f"recall {r.label}": round(r.share, 3) for r in table_recalls(row)},
        FAILED: round(summary.num_failed / summary.num_queries, 3),
    }


def contests(rows: Sequence[BenchmarkRow]) -> list[Contest]:
    """Compare the maps of each scene and budget.

    A map takes part where it was made for that budget, or its method has none, and it takes no
    more bytes than that.
    """
    found: list[Contest] = []
    for scene in dict.fromkeys(row.scene for row in rows):
        of_scene = [row for row in rows if row.scene == scene]
        budgets = {row.budget_bytes for row in of_scene if row.budget_bytes is not None}
        for budget in sorted(budgets):
            entered = tuple(
                row
                for row in of_scene
                if row.budget_bytes in (budget, None) and row.map_bytes <= budget
            )
            if len({row.method for row in entered}) > 1:
                found.append(Contest(scene=scene, budget_bytes=budget, rows=entered))
    return found


def where_behind(rows: Sequence[BenchmarkRow], *, own: str = OWN_METHOD) -> list[Behind]:
    """Return every figure in which the own map is not the best at equal bytes."""
    return [
        Behind(
            scene=contest.scene,
            budget_bytes=contest.budget_bytes,
            figure=figure,
            own=value,
            best=contest.best(figure),
            best_methods=tuple(contest.best_methods(figure)),
            gap=_gap(row, contest, figure),
        )
        for contest in contests(rows)
        for row in contest.rows
        if row.method == own
        for figure, value in compared_figures(row).items()
        if value != contest.best(figure)
    ]


def _gap(own: BenchmarkRow, contest: Contest, figure: str) -> Interval | None:
    """Compare the own map with the best one, query by query."""
    method = contest.best_methods(figure)[0]
    best = next(row for row in contest.rows if row.method == method)
    sides = [row.by_seed or (row.summary,) for row in (best, own)]
    asked = [{query.name for run in side for query in run.scores} for side in sides]
    if asked[0] != asked[1]:
        return None
    compared = compare_figure(pair_runs(*sides), _compared_name(figure), Resampling())
    return compared.difference if compared.ratio is None else compared.ratio


def _compared_name(figure: str) -> str:
    """Return the name that `comparison` has for a figure."""
    names = {
        POSITION: "median_position_error",
        ROTATION: "median_rotation_error_deg",
        FAILED: "failed_share",
    }
    return names.get(figure, figure.replace(" ", "_"))


def _is_recall(figure: str) -> bool:
    return figure.startswith("recall ")
