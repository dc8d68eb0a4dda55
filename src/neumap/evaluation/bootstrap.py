"""Paired bootstrap over queries and runs, with errors that may be infinite.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3: percentile intervals.
The resampling is our own because library functions turn `inf - inf` into NaN and drop it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

_CHUNK_CELLS = 2_000_000
"""Numbers drawn at a time: bounds the memory at any number of queries and resamples."""


@dataclass(frozen=True)
class Interval:
    """A figure with its confidence interval; any of the three may be infinite."""

    value: float
    """NaN where it is undefined (inf - inf, inf / inf or 0 / 0)."""
    low: float
    high: float

    @property
    def is_decided(self) -> bool:
        """Whether the sign of a difference is certain at the interval's confidence."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, eq=False)
class PairedValues:
    """One number a query and run for two sides, queries in the same order."""

    a: Float[np.ndarray, "run_a query"]
    b: Float[np.ndarray, "run_b query"]


@dataclass(frozen=True)
class Resampling:
    """How often and from which seed is drawn, and the confidence of the intervals."""

    num_resamples: int = 2000
    seed: int = 0
    confidence: float = 0.95


def figure_of_rows(
    rows: Float[np.ndarray, "row value"], percent: int | None
) -> Float[np.ndarray, " row"]:
    """Return a percentile of each row, or its mean for None.

    Percentiles interpolate linearly; infinite values are the largest ones, and any share of an
    infinite value is infinite.
    """
    if percent is None:
        return rows.mean(axis=1)
    rank = (rows.shape[1] - 1) * percent / 100
    low, high = math.floor(rank), math.ceil(rank)
    ordered = np.sort(rows, axis=1)
    share = rank - low
    if share == 0:
        return ordered[:, low]
    is_infinite = np.isinf(ordered[:, high])
    finite_high = np.where(is_infinite, 0.0, ordered[:, high])
    finite_low = np.where(is_infinite, 0.0, ordered[:, low])
    return np.where(is_infinite, np.inf, finite_low + share * (finite_high - finite_low))


def bootstrap(
    values: PairedValues, percent: int | None, resampling: Resampling
) -> tuple[Interval, Interval]:
    """Return difference (B - A) and ratio (B / A) of a figure of both sides.

    Each resample draws queries, the same for both sides, and for each side its runs. A resample
    whose difference or ratio is undefined counts as the smallest value for the lower end and as
    the largest for the upper: an interval is never narrower for failures. The same seed draws
    the same resamples for every figure.
    """
    samples_a: list[np.ndarray] = []
    samples_b: list[np.ndarray] = []
    for queries, runs_a, runs_b in _draws(values, resampling):
        samples_a.append(figure_of_rows(_gather(values.a, runs_a, queries), percent))
        samples_b.append(figure_of_rows(_gather(values.b, runs_b, queries), percent))
    resampled = PairedValues(np.concatenate(samples_a)[None], np.concatenate(samples_b)[None])
    whole = PairedValues(
        figure_of_rows(values.a.reshape(1, -1), percent)[None],
        figure_of_rows(values.b.reshape(1, -1), percent)[None],
    )
    confidence = resampling.confidence
    return (
        _interval(_difference(whole), _difference(resampled), -math.inf, confidence),
        _interval(_ratio(whole), _ratio(resampled), 0.0, confidence),
    )


def _draws(values: PairedValues, resampling: Resampling) -> Iterator[tuple[np.ndarray, ...]]:
    (num_a, num_queries), num_b = values.a.shape, len(values.b)
    generator = np.random.default_rng(resampling.seed)
    chunk = max(1, _CHUNK_CELLS // (max(num_a, num_b) * num_queries))
    for start in range(0, resampling.num_resamples, chunk):
        count = min(chunk, resampling.num_resamples - start)
        yield (
            generator.integers(num_queries, size=(count, num_queries)),
            generator.integers(num_a, size=(count, num_a)),
            generator.integers(num_b, size=(count, num_b)),
        )


def _gather(
    values: Float[np.ndarray, "run query"],
    runs: Int[np.ndarray, "resample run"],
    queries: Int[np.ndarray, "resample query"],
) -> Float[np.ndarray, "resample value"]:
    return values[runs[:, :, None], queries[:, None, :]].reshape(len(runs), -1)


def _difference(figures: PairedValues) -> Float[np.ndarray, " resample"]:
    with np.errstate(invalid="ignore"):
        return (figures.b - figures.a).reshape(-1)


def _ratio(figures: PairedValues) -> Float[np.ndarray, " resample"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (figures.b / figures.a).reshape(-1)


def _interval(
    value: Float[np.ndarray, " one"],
    samples: Float[np.ndarray, " resample"],
    smallest: float,
    confidence: float,
) -> Interval:
    is_undefined = np.isnan(samples)
    from_below = np.sort(np.where(is_undefined, smallest, samples))
    from_above = np.sort(np.where(is_undefined, np.inf, samples))
    tail = (1 - confidence) / 2 * (len(samples) - 1)
    # whole ranks, outwards: nothing is interpolated between a finite and an infinite value
    low, high = from_below[math.floor(tail)], from_above[-1 - math.floor(tail)]
    return Interval(float(value[0]), float(low), float(high))
