"""Made rows of a benchmark: chosen errors, with or without evidence."""

import math

from neumap.evaluation.benchmark_report import BenchmarkRow
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import summarise


def made_scores(errors, *, rotation_deg=1.0):
    """One query for each error in scene units; an infinite one failed."""
    return [
        QueryScore(
            name=f"photo {idx}",
            status="failed" if math.isinf(error) else "ok",
            reason="too few points" if math.isinf(error) else "",
            position_error=error,
            rotation_error_deg=math.inf if math.isinf(error) else rotation_deg,
            num_inliers=0 if math.isinf(error) else 50,
            num_correspondences=80,
            inlier_ratio=0.6,
            query_ms=12.0,
        )
        for idx, error in enumerate(errors)
    ]


def made_row(
    method,
    budget_bytes,
    errors,
    *,
    scene="hall",
    map_bytes=None,
    units="metre",
    rotation_deg=1.0,
    evidence=None,
) -> BenchmarkRow:
    """A row of ten kilobytes' worth where neither budget nor bytes are given."""
    return BenchmarkRow(
        scene=scene,
        method=method,
        budget_bytes=budget_bytes,
        map_bytes=map_bytes or budget_bytes or 10_000,
        mapping_seconds=3.0,
        summary=summarise(
            made_scores(errors, rotation_deg=rotation_deg),
            scene=scene,
            units=units,
            median_depth=None if units == "metre" else 2.0,
        ),
        evidence=evidence,
    )
