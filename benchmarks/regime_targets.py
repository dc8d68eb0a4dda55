"""What the maps must show in each regime, and what they show."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.methods import FULL_PRECISION, OWN, SUFFIXES, YARDSTICK

Regimes = dict[str, dict[str, dict[str, dict[str, Any]]]]  # regime, set, row, figure (JSON)
Line = dict[str, object]
"""Regime, bytes, baseline, figure, value, bound, whether it is met, and a remark."""

_LEAST_RATE = 0.1  # failure rates are compared where the yardstick fails more often
SMALL_BYTES, LARGE_BYTES = 4_200, 20_000  # for the full-precision median, within 10 %


def target_lines(regimes: Regimes) -> list[Line]:
    """One line for each bound of each regime that was run, against both yardsticks."""
    lines: list[Line] = []
    baselines = [f"{YARDSTICK}{suffix}" for suffix in SUFFIXES.values()]
    for baseline in baselines:
        for regime, sets in regimes.items():
            for budget in _budgets(sets):
                pairs = _pairs(sets, budget, baseline)
                if not pairs:
                    continue
                for line in _lines_of(regime, pairs):
                    lines.append({"regime": regime, "map": budget, "against": baseline, **line})
    return lines + _bytes_lines(regimes.get("easy", {}))


def _budgets(sets: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Sizes, e.g. `4.2 kB`, smallest first."""
    labels = {label for rows in sets.values() for label in rows if label.startswith(f"{OWN} ")}
    return sorted((label.removeprefix(f"{OWN} ") for label in labels), key=_kilobytes)


def _kilobytes(budget: str) -> float:
    return float(budget.removesuffix(" kB"))


Pairs = dict[str, tuple[dict[str, Any], dict[str, Any]]]  # by set: neumap's row, the yardstick's


def _pairs(sets: dict[str, dict[str, dict[str, Any]]], budget: str, baseline: str) -> Pairs:
    own, base = f"{OWN} {budget}", f"{baseline} {budget}"
    return {
        name: (rows[own], rows[base]) for name, rows in sets.items() if own in rows and base in rows
    }


def _lines_of(regime: str, pairs: Pairs) -> Iterable[Line]:
    if regime == "easy":
        yield _error_ratio(pairs, "median", at_most=0.9)
        yield _worst_set(pairs, at_most=1.05)
        yield _error_ratio(pairs, "p75", at_most=0.75)
    elif regime.startswith("night"):
        yield _failure_rates(pairs, at_most=0.5, least=_LEAST_RATE)
    elif regime.startswith("wide"):
        yield _failure_rates(pairs, at_most=0.5, least=0.0)
        yield _error_ratio(pairs, "p75", at_most=0.67)
    elif regime == "merged":
        yield _first_ratio(pairs, at_least=3.0)
        yield _failure_rates(pairs, at_most=1 / 3, least=0.0)


def _error_ratio(pairs: Pairs, percentile: str, *, at_most: float) -> Line:
    """Geometric mean over sets of neumap's percentile over the yardstick's.

    A percentile that is a failure has no ratio: such sets are left out and named.
    """
    key = f"{percentile}_position_error"
    lost = [name for name, (own, base) in pairs.items() if base[key] and not own[key]]
    won = [name for name, (own, base) in pairs.items() if own[key] and not base[key]]
    value = _mean_ratio(pairs, key)
    num_ratios = sum(bool(own[key] and base[key]) for own, base in pairs.values())
    remarks = [f"over {num_ratios} of {len(pairs)} sets"]
    remarks += [f"only the yardstick's is finite: {', '.join(lost)}"] if lost else []
    remarks += [f"only neumap's is finite: {', '.join(won)}"] if won else []
    remarks += _spread([_mean_ratio(one, key) for one in _by_seed(pairs)])
    is_met = None if value is None else value <= at_most and not lost
    return _line(f"{percentile} error, geometric mean", value, at_most, is_met, remarks)


def _mean_ratio(pairs: Pairs, key: str) -> float | None:
    """Geometric mean over the sets where both figures are finite; None if there is none."""
    ratios = [own[key] / base[key] for own, base in pairs.values() if own[key] and base[key]]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


def _by_seed(pairs: Pairs) -> list[Pairs]:
    """The same with neumap's figures of each mapping seed, where there are several."""
    counts = {len(own.get("by_seed", ())) for own, _ in pairs.values()}
    if len(counts) != 1:
        return []
    num_seeds = counts.pop()
    return [
        {
            name: (
                {**own, **own["by_seed"][seed], "num_queries": own["num_queries"] / num_seeds},
                base,
            )
            for name, (own, base) in pairs.items()
        }
        for seed in range(num_seeds)
    ]


def _spread(values: list[float | None]) -> list[str]:
    """A remark with the figure of each seed; none where there is one seed."""
    known = ["none" if value is None else f"{value:.3g}" for value in values]
    return [f"by seed {', '.join(known)}"] if known else []


def _worst_set(pairs: Pairs, *, at_most: float) -> Line:
    """The set whose median is worst against the yardstick's."""
    key = "median_position_error"
    by_set = {
        name: (own[key] if own[key] else np.inf) / base[key]
        for name, (own, base) in pairs.items()
        if base[key]
    }
    if not by_set:
        return _line("median error, worst set", None, at_most, None, [])
    name = max(by_set, key=lambda name: by_set[name])
    value = float(by_set[name])
    finite = value if np.isfinite(value) else None
    return _line("median error, worst set", finite, at_most, value <= at_most, [name])


def _failure_rates(pairs: Pairs, *, at_most: float, least: float) -> Line:
    """Mean over sets of the share of failures, neumap's over the yardstick's."""
    own, base = _mean_rates(pairs)
    remarks = [f"{own:.1%} against {base:.1%}"]
    if base <= least:
        asked = "none" if least == 0 else f"at most {least:.0%}"
        remarks.append(f"the yardstick fails on {asked}")
        is_met = own <= base if least == 0 else None
        return _line("failure rate", None, at_most, is_met, remarks)
    remarks += _spread([_mean_rates(one)[0] / base for one in _by_seed(pairs)])
    return _line("failure rate", own / base, at_most, own / base <= at_most, remarks)


def _mean_rates(pairs: Pairs) -> tuple[float, float]:
    """Mean over sets of the share of failures, neumap's and the yardstick's."""
    own, base = (
        float(np.mean([rows["num_failures"] / rows["num_queries"] for rows in side]))
        for side in zip(*pairs.values(), strict=True)
    )
    return own, base


def _first_ratio(pairs: Pairs, *, at_least: float) -> Line:
    """Geometric mean over sets of the right share of first matches, over the yardstick's."""
    key = "first_ratio_mean"
    ratios = [own[key] / base[key] for own, base in pairs.values() if own[key] and base[key]]
    value = float(np.exp(np.mean(np.log(ratios)))) if ratios else None
    is_met = None if value is None else value >= at_least
    remarks = [f"over {len(ratios)} of {len(pairs)} sets"]
    return _line("right share of first matches", value, at_least, is_met, remarks)


def _bytes_lines(easy: dict[str, dict[str, dict[str, Any]]]) -> list[Line]:
    """Smallest map of each set whose median is within a tenth of the full-precision map's."""
    lines: list[Line] = []
    for name, rows in easy.items():
        full = rows.get(FULL_PRECISION)
        if full is None:
            continue
        good = [
            row["map_bytes"]
            for label, row in rows.items()
            if label.startswith(f"{OWN} ")
            and row["median_position_error"] is not None
            and row["median_position_error"] <= 1.1 * full["median_position_error"]
        ]
        bound = LARGE_BYTES if name == "redkitchen" else SMALL_BYTES
        value = min(good) if good else None
        is_met = value is not None and value <= bound
        line = _line("bytes for the full-precision median", value, bound, is_met, [])
        lines.append({"regime": "easy", "map": name, "against": FULL_PRECISION, **line})
    return lines


def _line(
    figure: str, value: float | None, bound: float, is_met: bool | None, remarks: list[str]
) -> Line:
    return {
        "figure": figure,
        "value": None if value is None else round(value, 3),
        "bound": round(bound, 3),
        "is_met": is_met,
        "remark": "; ".join(remarks),
    }
