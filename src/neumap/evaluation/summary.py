"""The figures of an evaluation: medians, percentiles, recall at thresholds, counts.

A failed query counts as an infinite error everywhere. JSON has no infinity: it is written null.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neumap.errors import DataError
from neumap.evaluation.score import QueryScore
from neumap.images.posed_image import Units

METRE_THRESHOLDS = ((0.05, 5.0), (0.1, 5.0), (0.25, 2.0), (0.5, 5.0), (5.0, 10.0))
"""(metres, degrees), those of 7-Scenes and of the visual localisation benchmark."""

RELATIVE_THRESHOLDS = ((0.01, 5.0), (0.02, 5.0), (0.05, 5.0))
"""(fraction of the scene's median depth, degrees), for captures of unknown unit."""


@dataclass(frozen=True)
class Recall:
    """Share of the queries within a position and a rotation threshold."""

    label: str
    position: float | None
    """Scene units; None where the median depth is not known (no query has inliers)."""
    depth_fraction: float | None
    """The threshold as a fraction of the median depth; None for thresholds in metres."""
    rotation_deg: float
    share: float


@dataclass(frozen=True)
class Summary:
    """All figures of one evaluation."""

    units: Units
    median_depth: float | None
    """Median depth of the inlier points before the true cameras, in scene units."""
    position_percentiles: dict[int, float]
    """50, 75 and 90, in scene units; infinite where that many queries failed."""
    rotation_percentiles_deg: dict[int, float]
    recalls: tuple[Recall, ...]
    num_queries: int
    num_failed: int
    inlier_ratio: float
    """Median over all queries, as are the two fields below."""
    num_inliers_median: float
    query_ms_median: float | None
    map_bytes: int | None
    mapping_seconds: float | None
    """None where the map does not state it."""
    scores: tuple[QueryScore, ...]

    def to_json(self) -> dict[str, object]:
        """Return the figures as JSON values: infinite and unknown numbers are None (null)."""
        return {
            "median_position_error": _finite(self.position_percentiles[50]),
            "p75_position_error": _finite(self.position_percentiles[75]),
            "p90_position_error": _finite(self.position_percentiles[90]),
            "position_unit": "metre" if self.units == "metre" else "scene unit",
            "median_rotation_error_deg": _finite(self.rotation_percentiles_deg[50]),
            "p75_rotation_error_deg": _finite(self.rotation_percentiles_deg[75]),
            "p90_rotation_error_deg": _finite(self.rotation_percentiles_deg[90]),
            "recall": {recall.label: recall.share for recall in self.recalls},
            "recall_thresholds": {
                recall.label: {
                    "position": recall.position,
                    "fraction_of_median_depth": recall.depth_fraction,
                    "rotation_deg": recall.rotation_deg,
                }
                for recall in self.recalls
            },
            "median_depth": self.median_depth,
            "num_queries": self.num_queries,
            "num_failed": self.num_failed,
            "inlier_ratio": self.inlier_ratio,
            "num_inliers_median": self.num_inliers_median,
            "map_bytes": self.map_bytes,
            "query_ms_median": self.query_ms_median,
            "mapping_seconds": self.mapping_seconds,
            "notes": "null: an infinite error (the query failed) or a number that is not known",
            "per_query": [_query_json(query) for query in self.scores],
        }


def summarise(
    scores: Sequence[QueryScore],
    *,
    units: Units,
    median_depth: float | None,
    map_bytes: int | None = None,
    mapping_seconds: float | None = None,
) -> Summary:
    """Compute the figures of all queries; DataError where there is none."""
    if not scores:
        raise DataError("split, field query", "no query was scored", "List at least one query.")
    position = [query.position_error for query in scores]
    rotation = [query.rotation_error_deg for query in scores]
    times = [query.query_ms for query in scores if query.query_ms is not None]
    return Summary(
        units=units,
        median_depth=median_depth,
        position_percentiles={percent: percentile(position, percent) for percent in (50, 75, 90)},
        rotation_percentiles_deg={
            percent: percentile(rotation, percent) for percent in (50, 75, 90)
        },
        recalls=_recalls(scores, units, median_depth),
        num_queries=len(scores),
        num_failed=sum(query.status == "failed" for query in scores),
        inlier_ratio=float(np.median([query.inlier_ratio for query in scores])),
        num_inliers_median=float(np.median([query.num_inliers for query in scores])),
        query_ms_median=float(np.median(times)) if times else None,
        map_bytes=map_bytes,
        mapping_seconds=mapping_seconds,
        scores=tuple(scores),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Percentile with linear interpolation; infinite values count as the largest ones."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    if math.isinf(high):  # inf - inf would be NaN, and any share of infinity is infinite
        return high if rank > math.floor(rank) or math.isinf(low) else low
    return low + (high - low) * (rank - math.floor(rank))


def _recalls(
    scores: Sequence[QueryScore], units: Units, median_depth: float | None
) -> tuple[Recall, ...]:
    if units == "metre":
        return tuple(
            Recall(f"{metres:g}m_{deg:g}deg", metres, None, deg, _share(scores, metres, deg))
            for metres, deg in METRE_THRESHOLDS
        )
    recalls: list[Recall] = []
    for fraction, deg in RELATIVE_THRESHOLDS:
        position = None if median_depth is None else fraction * median_depth
        share = 0.0 if position is None else _share(scores, position, deg)
        recalls.append(Recall(f"{fraction:g}depth_{deg:g}deg", position, fraction, deg, share))
    return tuple(recalls)


def _share(scores: Sequence[QueryScore], position: float, rotation_deg: float) -> float:
    within = [
        query.position_error <= position and query.rotation_error_deg <= rotation_deg
        for query in scores
    ]
    return sum(within) / len(within)


def _query_json(query: QueryScore) -> dict[str, object]:
    return {
        "name": query.name,
        "status": query.status,
        "reason": query.reason,
        "position_error": _finite(query.position_error),
        "rotation_error_deg": _finite(query.rotation_error_deg),
        "num_inliers": query.num_inliers,
        "num_correspondences": query.num_correspondences,
        "inlier_ratio": query.inlier_ratio,
        "query_ms": query.query_ms,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
