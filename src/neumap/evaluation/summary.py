"""The figures of an evaluation: medians, percentiles, recall at thresholds, counts.

A failed query counts as an infinite error everywhere. JSON has no infinity: it is written null.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neumap.errors import DataError
from neumap.evaluation.recall import CurveArea, Recall, curve_areas, recalls
from neumap.evaluation.score import QueryScore
from neumap.evaluation.trajectory_error import TrajectoryError
from neumap.images.posed_image import Units

PERCENTS = (50, 75, 90)


@dataclass(frozen=True)
class Summary:
    """All figures of one evaluation."""

    scene: str
    """Name of the scene, the same for every map of it; empty where none was given."""
    units: Units
    median_depth: float | None
    """Median depth of the inlier points before the true cameras, in scene units."""
    position_percentiles: dict[int, float]
    """50, 75 and 90, in scene units; infinite where that many queries failed."""
    rotation_percentiles_deg: dict[int, float]
    recalls: tuple[Recall, ...]
    curve_areas: tuple[CurveArea, ...]
    trajectory: TrajectoryError | None
    """None where it was not computed."""
    num_queries: int
    num_failed: int
    inlier_ratio: float
    """Median over all queries, as is the field below."""
    num_inliers_median: float
    query_ms_percentiles: dict[int, float] | None
    """50, 75 and 90 over the queries that were timed; None where none was."""
    map_bytes: int | None
    mapping_seconds: float | None
    """None where the map does not state it."""
    scores: tuple[QueryScore, ...]

    @property
    def query_ms_median(self) -> float | None:
        """Median time of a query; None where none was timed."""
        return None if self.query_ms_percentiles is None else self.query_ms_percentiles[50]

    def relative(self, error: float) -> float | None:
        """Return a position error as a fraction of the median depth; None where unknown."""
        return None if self.median_depth is None else error / self.median_depth

    def to_json(self) -> dict[str, object]:
        """Return the figures as JSON values: infinite and unknown numbers are None (null)."""
        position, rotation = self.position_percentiles, self.rotation_percentiles_deg
        times = self.query_ms_percentiles
        return {
            "scene": self.scene,
            "median_position_error": _finite(position[50]),
            "p75_position_error": _finite(position[75]),
            "p90_position_error": _finite(position[90]),
            "position_unit": "metre" if self.units == "metre" else "scene unit",
            "median_position_error_over_median_depth": _finite(self.relative(position[50])),
            "p75_position_error_over_median_depth": _finite(self.relative(position[75])),
            "p90_position_error_over_median_depth": _finite(self.relative(position[90])),
            "median_rotation_error_deg": _finite(rotation[50]),
            "p75_rotation_error_deg": _finite(rotation[75]),
            "p90_rotation_error_deg": _finite(rotation[90]),
            "recall": {recall.label: recall.share for recall in self.recalls},
            "recall_thresholds": {
                recall.label: {
                    "position": recall.position,
                    "fraction_of_median_depth": recall.depth_fraction,
                    "rotation_deg": recall.rotation_deg,
                }
                for recall in self.recalls
            },
            "auc": {area.label: area.area for area in self.curve_areas},
            "auc_thresholds": {
                area.label: {
                    "position": area.position,
                    "fraction_of_median_depth": area.depth_fraction,
                }
                for area in self.curve_areas
            },
            "ate": None if self.trajectory is None else self.trajectory.to_json(self.median_depth),
            "median_depth": self.median_depth,
            "num_queries": self.num_queries,
            "num_failed": self.num_failed,
            "inlier_ratio": self.inlier_ratio,
            "num_inliers_median": self.num_inliers_median,
            "map_bytes": self.map_bytes,
            "query_ms_median": None if times is None else times[50],
            "query_ms_p90": None if times is None else times[90],
            "mapping_seconds": self.mapping_seconds,
            "notes": "null: an infinite error (the query failed) or a number that is not known",
            "per_query": [self._query_json(query) for query in self.scores],
        }

    def _query_json(self, query: QueryScore) -> dict[str, object]:
        return {
            "name": query.name,
            "status": query.status,
            "reason": query.reason,
            "position_error": _finite(query.position_error),
            "position_error_over_median_depth": _finite(self.relative(query.position_error)),
            "rotation_error_deg": _finite(query.rotation_error_deg),
            "num_inliers": query.num_inliers,
            "num_correspondences": query.num_correspondences,
            "inlier_ratio": query.inlier_ratio,
            "query_ms": query.query_ms,
        }


def summarise(
    scores: Sequence[QueryScore],
    *,
    units: Units,
    median_depth: float | None,
    scene: str = "",
    trajectory: TrajectoryError | None = None,
    map_bytes: int | None = None,
    mapping_seconds: float | None = None,
) -> Summary:
    """Compute the figures of all queries; DataError where there is none."""
    if not scores:
        raise DataError("split, field query", "no query was scored", "List at least one query.")
    times = [query.query_ms for query in scores if query.query_ms is not None]
    return Summary(
        scene=scene,
        units=units,
        median_depth=median_depth,
        position_percentiles=_percentiles([query.position_error for query in scores]),
        rotation_percentiles_deg=_percentiles([query.rotation_error_deg for query in scores]),
        recalls=recalls(scores, units=units, median_depth=median_depth),
        curve_areas=curve_areas(scores, units=units, median_depth=median_depth),
        trajectory=trajectory,
        num_queries=len(scores),
        num_failed=sum(query.status == "failed" for query in scores),
        inlier_ratio=float(np.median([query.inlier_ratio for query in scores])),
        num_inliers_median=float(np.median([query.num_inliers for query in scores])),
        query_ms_percentiles=_percentiles(times) if times else None,
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


def _percentiles(values: Sequence[float]) -> dict[int, float]:
    return {percent: percentile(values, percent) for percent in PERCENTS}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
