"""Absolute trajectory error: the RMSE of the camera positions of a sequence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from neumap.evaluation.prediction import Prediction
from neumap.geometry import RigidTransform, Similarity
from neumap.images.posed_image import Units


@dataclass(frozen=True)
class TrajectoryError:
    """RMSE of the positions that were found, and how many those are.

    A failed query has no position: read the error together with `num_poses` of `num_queries`.
    """

    rmse: float | None
    """Scene units, after the alignment that `alignment` states; None without any pose."""
    rmse_unaligned: float | None
    """Scene units, in the frame of the true poses."""
    alignment: Literal["none", "similarity"]
    scale: float | None
    """Scale of the similarity; None without one."""
    num_poses: int
    num_queries: int

    def to_json(self, median_depth: float | None) -> dict[str, object]:
        """Return plain JSON values; `median_depth` (scene units) gives the relative error."""
        relative = None
        if self.rmse is not None and median_depth is not None:
            relative = self.rmse / median_depth
        return {
            "rmse": self.rmse,
            "rmse_over_median_depth": relative,
            "rmse_unaligned": self.rmse_unaligned,
            "alignment": self.alignment,
            "alignment_scale": self.scale,
            "num_poses": self.num_poses,
            "num_queries": self.num_queries,
        }


def trajectory_error(
    predictions: Sequence[Prediction],
    true_poses: Mapping[str, RigidTransform | None],
    *,
    units: Units,
) -> TrajectoryError:
    """Compare the positions of the localised queries with the true ones (`cam_from_world`).

    The map lies in the frame of the true poses, so nothing is aligned where their unit is the
    metre (unlike Sturm et al. 2012, who align each run). Where the truth has no metric scale, a
    similarity is fitted first (Umeyama 1991), if 3 distinct positions determine one.
    """
    pairs = [
        (prediction.cam_from_world.center_in_source, true_pose.center_in_source)
        for prediction in predictions
        if prediction.cam_from_world is not None
        and (true_pose := true_poses.get(prediction.name)) is not None
    ]
    if not pairs:
        return TrajectoryError(None, None, "none", None, 0, len(predictions))
    estimated, true = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    unaligned = _rmse(estimated, true)
    similarity = None if units == "metre" else _fitted_similarity(estimated, true)
    return TrajectoryError(
        rmse=unaligned if similarity is None else _rmse(similarity.apply(estimated), true),
        rmse_unaligned=unaligned,
        alignment="none" if similarity is None else "similarity",
        scale=None if similarity is None else similarity.scale,
        num_poses=len(pairs),
        num_queries=len(predictions),
    )


def _fitted_similarity(
    estimated: Float[np.ndarray, "pose 3"], true: Float[np.ndarray, "pose 3"]
) -> Similarity | None:
    if len(np.unique(estimated, axis=0)) < 3:
        return None
    return Similarity.fit(estimated, true)


def _rmse(xyz: Float[np.ndarray, "pose 3"], target: Float[np.ndarray, "pose 3"]) -> float:
    return math.sqrt(float(((xyz - target) ** 2).sum(axis=1).mean()))
