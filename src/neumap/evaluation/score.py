"""Predictions against the truth, query by query; a failed query has an infinite error."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neumap.errors import DataError, Fault
from neumap.evaluation.pose_error import position_error, rotation_error_deg
from neumap.evaluation.prediction import Prediction, Status
from neumap.geometry import RigidTransform


@dataclass(frozen=True)
class QueryScore:
    """The errors of one query."""

    name: str
    status: Status
    reason: str
    position_error: float
    """Scene units; infinite for a failure."""
    rotation_error_deg: float
    """Degrees; infinite for a failure."""
    num_inliers: int
    num_correspondences: int
    inlier_ratio: float
    query_ms: float | None


def score(
    predictions: Sequence[Prediction], true_poses: Mapping[str, RigidTransform | None]
) -> tuple[QueryScore, ...]:
    """Score every query of `true_poses` (name to `cam_from_world`), in its order.

    Raises DataError, listing every name, unless each query is predicted exactly once, nothing
    else is predicted, and each has a true pose.
    """
    counts = Counter(prediction.name for prediction in predictions)
    faults = [
        Fault(name, reason, "Predict each listed query exactly once.")
        for name in (*true_poses, *(name for name in counts if name not in true_poses))
        if (reason := _count_fault(counts[name], is_listed=name in true_poses)) is not None
    ]
    faults += [
        Fault(name, "has no true pose to be scored against", "Leave it out of the queries.")
        for name, true_pose in true_poses.items()
        if true_pose is None
    ]
    if not true_poses:
        faults.append(Fault("split, field query", "lists no query", "List at least one."))
    if faults:
        raise DataError.from_faults(faults)
    by_name = {prediction.name: prediction for prediction in predictions}
    return tuple(
        _score_one(by_name[name], true_pose)
        for name, true_pose in true_poses.items()
        if true_pose is not None
    )


def median_scene_depth(
    predictions: Sequence[Prediction], true_poses: Mapping[str, RigidTransform | None]
) -> float | None:
    """Median depth of the localised queries' inlier points before their true cameras.

    In scene units; the yardstick of captures whose unit is unknown. None where no query has
    inliers.
    """
    depths: list[np.ndarray] = []
    for prediction in predictions:
        true_pose = true_poses.get(prediction.name)
        if true_pose is not None and len(prediction.pairs.xyz_in_world):
            depth = true_pose.apply(prediction.pairs.xyz_in_world)[:, 2]
            depths.append(depth[depth > 0])
    merged = np.concatenate(depths) if depths else np.zeros(0)
    return float(np.median(merged)) if len(merged) else None


def _count_fault(count: int, *, is_listed: bool) -> str | None:
    if not is_listed:
        return "is predicted but is not a listed query"
    if count != 1:
        return "has no prediction" if count == 0 else f"is predicted {count} times"
    return None


def _score_one(prediction: Prediction, true_pose: RigidTransform) -> QueryScore:
    estimated = prediction.cam_from_world
    return QueryScore(
        name=prediction.name,
        status=prediction.status,
        reason=prediction.reason,
        position_error=math.inf if estimated is None else position_error(estimated, true_pose),
        rotation_error_deg=(
            math.inf if estimated is None else rotation_error_deg(estimated, true_pose)
        ),
        num_inliers=prediction.num_inliers,
        num_correspondences=prediction.num_correspondences,
        inlier_ratio=prediction.inlier_ratio,
        query_ms=prediction.query_ms,
    )
