"""The errors that are expected of maps of some sizes, as told by photos that were held out."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedErrors:
    """Position errors in scene units of the held-out photos in a map of this size."""

    map_bytes: int
    median: float
    """Infinite where half of the photos or more had no pose."""
    p75: float
    num_failed: int
    """Photos without a pose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Expected errors by size; few photos tell them, so they are no more than a guide."""

    num_photos: int
    sizes: tuple[ExpectedErrors, ...]
    """The smallest first."""
    all_points: ExpectedErrors
    """Of a map with all points, values of 8 bits: what no budget can better by much."""

    def at(self, map_bytes: int) -> tuple[float, float] | None:
        """Return the expected median and 75th percentile at a size; None below the smallest.

        Errors between two sizes lie on a straight line of logarithms; infinite ones are not
        smoothed away. Beyond the largest size its errors hold.
        """
        if map_bytes < self.sizes[0].map_bytes:
            return None
        after = next((i for i, s in enumerate(self.sizes) if s.map_bytes >= map_bytes), -1)
        low, high = self.sizes[max(after - 1, 0) if after >= 0 else -1], self.sizes[after]
        share = 1.0
        if high.map_bytes > low.map_bytes:
            share = math.log(map_bytes / low.map_bytes) / math.log(high.map_bytes / low.map_bytes)
        return _between(low.median, high.median, share), _between(low.p75, high.p75, share)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; infinite errors are null."""
        content = asdict(self)
        for row in [*content["sizes"], content["all_points"]]:
            for key in ("median", "p75"):
                row[key] = row[key] if math.isfinite(row[key]) else None
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Forecast":
        """Undo `to_json`; KeyError, TypeError or ValueError where it is something else."""
        sizes = tuple(_errors_of(row) for row in content["sizes"])
        if not sizes:
            raise ValueError("a forecast of no sizes")
        return cls(
            num_photos=int(content["num_photos"]),
            sizes=sizes,
            all_points=_errors_of(content["all_points"]),
        )


def expected_errors(map_bytes: int, errors: list[float]) -> ExpectedErrors:
    """Sum up the position errors of the held-out photos; infinite without a pose."""
    median, p75 = (float(np.percentile(errors, q, method="higher")) for q in (50, 75))
    num_failed = sum(math.isinf(error) for error in errors)
    return ExpectedErrors(map_bytes=map_bytes, median=median, p75=p75, num_failed=num_failed)


def _errors_of(row: Mapping[str, Any]) -> ExpectedErrors:
    median, p75 = (math.inf if row[key] is None else float(row[key]) for key in ("median", "p75"))
    return ExpectedErrors(
        map_bytes=int(row["map_bytes"]),
        median=median,
        p75=p75,
        num_failed=int(row["num_failed"]),
    )


def _between(low: float, high: float, share: float) -> float:
    if not math.isfinite(low) or min(low, high) <= 0:
        return high if share >= 1 else low
    return math.exp((1 - share) * math.log(low) + share * math.log(high))
