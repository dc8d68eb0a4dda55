"""Two sides of an experiment compared over the same queries, query by query."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neumap.evaluation.bootstrap import (
    Interval,
    PairedValues,
    Resampling,
    bootstrap,
    figure_of_rows,
)
from neumap.evaluation.paired_runs import PairedRuns
from neumap.evaluation.recall import (
    AUC_DEPTH_FRACTIONS,
    AUC_METRES,
    METRE_THRESHOLDS,
    RELATIVE_THRESHOLDS,
    recall_label,
)


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of both sides; differences are B - A and ratios B / A."""

    name: str
    """Stable, as in the figures file where it stands there."""
    a: float
    b: float
    difference: Interval
    ratio: Interval | None
    """Of errors only: recalls and failures may be zero."""


@dataclass(frozen=True)
class Comparison:
    """All figures of a comparison and how they were made."""

    position_unit: str
    num_queries: int
    num_runs: tuple[int, int]
    """Runs of A and of B that each query was localised in."""
    num_failed: tuple[int, int]
    """Failures of A and of B, over all queries and runs."""
    num_fails_more: tuple[int, int]
    """Queries that fail in a larger share of the runs of A than of B, and the reverse."""
    num_better: tuple[int, int]
    """Queries whose median position error over the runs is smaller in A, and in B."""
    figures: tuple[ComparedFigure, ...]
    resampling: Resampling

    def to_json(self) -> dict[str, object]:
        """Return JSON values; infinite and undefined numbers are the words of the notes."""
        return {
            "position_unit": self.position_unit,
            "num_queries": self.num_queries,
            "num_runs": _by_side(self.num_runs),
            "num_failed": _by_side(self.num_failed),
            "num_fails_more": _by_side(self.num_fails_more),
            "num_better_position": _by_side(self.num_better),
            "confidence": self.resampling.confidence,
            "num_resamples": self.resampling.num_resamples,
            "seed": self.resampling.seed,
            "figures": {figure.name: _figure_json(figure) for figure in self.figures},
            "notes": (
                "difference: B - A; ratio: B / A; a failed query is an infinite error; inf, -inf "
                "and undefined (inf - inf, inf / inf) stand for numbers that JSON does not have"
            ),
        }


def compare(runs: PairedRuns, resampling: Resampling) -> Comparison:
    """Compare percentiles, recalls, curve areas and failures, with confidence intervals."""
    is_failed = _failures(runs)
    share_a, share_b = is_failed.a.mean(axis=0), is_failed.b.mean(axis=0)
    middle_a = figure_of_rows(runs.position.a.T, 50)
    middle_b = figure_of_rows(runs.position.b.T, 50)
    columns = _columns(runs)
    return Comparison(
        position_unit=runs.position_unit,
        num_queries=len(runs.queries),
        num_runs=(len(runs.position.a), len(runs.position.b)),
        num_failed=(int(is_failed.a.sum()), int(is_failed.b.sum())),
        num_fails_more=(int((share_a > share_b).sum()), int((share_b > share_a).sum())),
        num_better=(int((middle_a < middle_b).sum()), int((middle_b < middle_a).sum())),
        figures=tuple(_figure(name, *columns[name], resampling=resampling) for name in columns),
        resampling=resampling,
    )


def compare_figure(runs: PairedRuns, name: str, resampling: Resampling) -> ComparedFigure:
    """Compare the figure of that name alone; KeyError where `compare` has none of it."""
    return _figure(name, *_columns(runs)[name], resampling=resampling)


def _figure(
    name: str, values: PairedValues, percent: int | None, *, resampling: Resampling
) -> ComparedFigure:
    difference, ratio = bootstrap(values, percent, resampling)
    return ComparedFigure(
        name=name,
        a=float(figure_of_rows(values.a.reshape(1, -1), percent)[0]),
        b=float(figure_of_rows(values.b.reshape(1, -1), percent)[0]),
        difference=difference,
        ratio=None if percent is None else ratio,
    )


def _columns(runs: PairedRuns) -> dict[str, tuple[PairedValues, int | None]]:
    """Return by figure what each query has, and the percentile of it, None for the mean."""
    columns: dict[str, tuple[PairedValues, int | None]] = {
        f"{word}_{kind}": (values, percent)
        for kind, values in (
            ("position_error", runs.position),
            ("rotation_error_deg", runs.rotation_deg),
        )
        for word, percent in (("median", 50), ("p75", 75))
    }
    columns |= {f"recall_{label}": (hits, None) for label, hits in _hits(runs)}
    columns |= {f"auc_{label}": (rest, None) for label, rest in _curve_rests(runs)}
    columns["failed_share"] = (_failures(runs), None)
    return columns


def _failures(runs: PairedRuns) -> PairedValues:
    return PairedValues(
        np.isinf(runs.position.a).astype(np.float64), np.isinf(runs.position.b).astype(np.float64)
    )


def _hits(runs: PairedRuns) -> list[tuple[str, PairedValues]]:
    """Return 1 for each query within the thresholds and 0 for the others, by label."""
    if runs.is_metric:
        thresholds = [(recall_label(*pair), *pair) for pair in METRE_THRESHOLDS]
    else:
        thresholds = [(f"{f:g}depth_{deg:g}deg", f, deg) for f, deg in RELATIVE_THRESHOLDS]

    def hits(
        position: Float[np.ndarray, "run query"],
        rotation_deg: Float[np.ndarray, "run query"],
        limits: tuple[float, float | None],
    ) -> Float[np.ndarray, "run query"]:
        largest_deg = math.inf if limits[1] is None else limits[1]
        return ((position <= limits[0]) & (rotation_deg <= largest_deg)).astype(np.float64)

    return [
        (
            label,
            PairedValues(
                hits(runs.position.a, runs.rotation_deg.a, (limit, deg)),
                hits(runs.position.b, runs.rotation_deg.b, (limit, deg)),
            ),
        )
        for label, limit, deg in thresholds
    ]


def _curve_rests(runs: PairedRuns) -> list[tuple[str, PairedValues]]:
    """Return what each query adds to the area under the error curve (see `curve_area`)."""
    if runs.is_metric:
        limits = [(f"{metres:g}m", metres) for metres in AUC_METRES]
    else:
        limits = [(f"{fraction:g}depth", fraction) for fraction in AUC_DEPTH_FRACTIONS]
    return [
        (
            label,
            PairedValues(
                np.maximum(0, 1 - runs.position.a / limit),
                np.maximum(0, 1 - runs.position.b / limit),
            ),
        )
        for label, limit in limits
    ]


def _figure_json(figure: ComparedFigure) -> dict[str, object]:
    return {
        "a": _json_number(figure.a),
        "b": _json_number(figure.b),
        "difference": _interval_json(figure.difference),
        "ratio": None if figure.ratio is None else _interval_json(figure.ratio),
    }


def _interval_json(interval: Interval) -> dict[str, object]:
    return {
        "value": _json_number(interval.value),
        "low": _json_number(interval.low),
        "high": _json_number(interval.high),
    }


def _json_number(value: float) -> float | str:
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def _by_side(pair: Sequence[int]) -> dict[str, int]:
    return {"a": pair[0], "b": pair[1]}
