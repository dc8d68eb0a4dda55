"""Shares of the queries below error thresholds, and areas under the cumulative error curve."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neumap.evaluation.score import QueryScore
from neumap.images.posed_image import Units

METRE_THRESHOLDS: tuple[tuple[float, float | None], ...] = (
    (0.05, 5.0),  # 7-Scenes, 12-Scenes, ScanNet
    (0.1, 5.0),
    (0.1, 1.0),  # NAVER LABS, with (0.25 m, 2 degrees) and (1 m, 5 degrees)
    (0.25, 2.0),  # visuallocalization.net, with the two rows of 0.5 m and 5 m
    (0.5, 5.0),
    (1.0, 5.0),
    (5.0, 10.0),
    (0.1, None),
    (0.25, None),
    (1.0, None),
)
"""(metres, degrees); None asks for the position alone."""

RELATIVE_THRESHOLDS = ((0.01, 5.0), (0.02, 5.0), (0.05, 5.0))
"""(fraction of the scene's median depth, degrees), for captures of unknown unit."""

AUC_METRES = (0.05, 0.1, 0.25, 1.0)
AUC_DEPTH_FRACTIONS = (0.01, 0.02, 0.05)
"""Where the error curve is cut off, for known and for unknown units."""


@dataclass(frozen=True)
class Recall:
    """Share of the queries within a position and a rotation threshold."""

    label: str
    position: float | None
    """Scene units; None where the median depth is not known (no query has inliers)."""
    depth_fraction: float | None
    """The threshold as a fraction of the median depth; None for thresholds in metres."""
    rotation_deg: float | None
    """None where the rotation is not asked for."""
    share: float


@dataclass(frozen=True)
class CurveArea:
    """Area under the cumulative position error curve up to a threshold, in [0, 1]."""

    label: str
    position: float | None
    """Scene units; None where the median depth is not known."""
    depth_fraction: float | None
    area: float


def recalls(
    scores: Sequence[QueryScore], *, units: Units, median_depth: float | None
) -> tuple[Recall, ...]:
    """Compute the recall at every threshold of the unit; a failed query is a miss at all."""
    if units == "metre":
        return tuple(
            Recall(recall_label(metres, deg), metres, None, deg, recall_share(scores, metres, deg))
            for metres, deg in METRE_THRESHOLDS
        )
    found: list[Recall] = []
    for fraction, deg in RELATIVE_THRESHOLDS:
        position = None if median_depth is None else fraction * median_depth
        share = 0.0 if position is None else recall_share(scores, position, deg)
        found.append(Recall(f"{fraction:g}depth_{deg:g}deg", position, fraction, deg, share))
    return tuple(found)


def recall_label(metres: float, rotation_deg: float | None) -> str:
    """Return the stable name of a threshold in metres, such as `0.05m_5deg` or `1m`."""
    return f"{metres:g}m" if rotation_deg is None else f"{metres:g}m_{rotation_deg:g}deg"


def recall_share(
    scores: Sequence[QueryScore], position: float, rotation_deg: float | None
) -> float:
    """Return the share of the queries within both thresholds, of all queries."""
    within = [
        query.position_error <= position
        and (rotation_deg is None or query.rotation_error_deg <= rotation_deg)
        for query in scores
    ]
    return sum(within) / len(within)


def curve_areas(
    scores: Sequence[QueryScore], *, units: Units, median_depth: float | None
) -> tuple[CurveArea, ...]:
    """Compute the normalised areas under the cumulative position error curve."""
    errors = [query.position_error for query in scores]
    if units == "metre":
        return tuple(
            CurveArea(f"{metres:g}m", metres, None, curve_area(errors, metres))
            for metres in AUC_METRES
        )
    areas: list[CurveArea] = []
    for fraction in AUC_DEPTH_FRACTIONS:
        limit = None if median_depth is None else fraction * median_depth
        area = 0.0 if limit is None else curve_area(errors, limit)
        areas.append(CurveArea(f"{fraction:g}depth", limit, fraction, area))
    return tuple(areas)


def curve_area(errors: Sequence[float], limit: float) -> float:
    """Integrate the share of the errors below x for x from 0 to `limit`, divided by `limit`.

    The curve is a step function, so the integral is exact: the mean of max(0, 1 - e / limit). An
    infinite error adds nothing; 1 means that every error is zero.
    """
    if not errors or not limit > 0 or math.isinf(limit):
        raise ValueError(f"{len(errors)} errors up to {limit}, expected some and a finite limit")
    return sum(max(0.0, 1 - error / limit) for error in errors) / len(errors)
