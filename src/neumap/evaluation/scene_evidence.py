"""What the pictures of a scene are drawn from, and which of its queries are pictured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neumap.evaluation.map_from_above import QueryCameras, map_from_above_svg
from neumap.evaluation.page import error_text
from neumap.evaluation.prediction import Prediction
from neumap.evaluation.query_picture import QueryView, SceneBox, query_views
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import Summary
from neumap.geometry import RigidTransform
from neumap.images import ImageSet

MAX_WORST_FAILED = 2
"""A failed query shows only its photo: leave room for wrong poses, which show more."""
MAX_BEST = 2


@dataclass(frozen=True, eq=False)
class SceneEvidence:
    """What the pictures of a scene are drawn from."""

    predictions: tuple[Prediction, ...]
    image_set: ImageSet
    """Holds the queries with their true poses."""
    mapping_cameras: tuple[RigidTransform, ...] = ()
    """`cam_from_world` of the mapped photos, for the map from above."""
    map_points: Float[np.ndarray, "point 3"] | None = None
    """Points of the map; None shows the inlier points of all queries instead."""

    @property
    def shown_points(self) -> Float[np.ndarray, "point 3"]:
        """Points of the map or else the inlier points of all queries, in the world."""
        if self.map_points is not None:
            return self.map_points
        none = np.zeros((0, 3))
        return np.concatenate([none, *(p.pairs.xyz_in_world for p in self.predictions)])


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturedQuery:
    """The pictures of one query with what is said below them."""

    name: str
    views: tuple[QueryView, ...]
    caption: str
    is_failed: bool


def badness(query: QueryScore) -> tuple[bool, float]:
    """Order queries by error; failed ones are the worst."""
    return query.status == "failed", query.position_error


def worst_and_best(
    scores: Sequence[QueryScore], *, max_worst: int
) -> tuple[list[QueryScore], list[QueryScore]]:
    """Return failed queries with the largest errors, and the smallest errors, smallest first."""
    ordered = sorted(scores, key=badness, reverse=True)
    failed = [query for query in ordered if query.status == "failed"][:MAX_WORST_FAILED]
    found = [query for query in ordered if query.status == "ok"]
    # of a few queries, those that are among the best are not shown twice
    num_worst = min(max_worst - len(failed), max(0, len(found) - MAX_BEST))
    return [*failed, *found[:num_worst]], found[::-1][:MAX_BEST]


def evidence_map_svg(evidence: SceneEvidence, *, unit: str, name: str) -> str:
    """Draw the scene from above with the true and estimated cameras of all queries."""
    index = evidence.image_set.by_name()
    queries = [
        QueryCameras(true_pose, prediction.cam_from_world)
        for prediction in evidence.predictions
        if (true_pose := index[prediction.name].cam_from_world) is not None
    ]
    points = evidence.shown_points
    return map_from_above_svg(points, evidence.mapping_cameras, queries, unit=unit, name=name)


def pictured_queries(
    summary: Summary,
    evidence: SceneEvidence,
    chosen: Sequence[QueryScore],
    *,
    longest_px: int,
    notes: Mapping[str, str] | None = None,
) -> list[PicturedQuery]:
    """Draw the chosen queries; those without evidence or a readable photo are left out.

    `longest_px` is the longer side of each picture; `notes` (by name) are put after the figures.
    """
    predictions = {prediction.name: prediction for prediction in evidence.predictions}
    images = evidence.image_set.by_name()
    unit = "m" if summary.units == "metre" else "units"
    box = SceneBox.around(evidence.shown_points)
    pictures: list[PicturedQuery] = []
    for query in chosen:
        image, prediction = images.get(query.name), predictions.get(query.name)
        if image is None or prediction is None or image.cam_from_world is None:
            continue
        views = query_views(
            *(image.path, prediction),
            camera=image.camera,
            true_cam_from_world=image.cam_from_world,
            box=box,
            longest_px=longest_px,
        )
        figures = query.reason or (
            f"{error_text(query.position_error)} {unit}, "
            f"{error_text(query.rotation_error_deg)}°, "
            f"{query.num_inliers} inliers of {query.num_correspondences}"
        )
        note = (notes or {}).get(query.name, "")
        if views:
            pictures.append(
                PicturedQuery(
                    name=query.name,
                    views=views,
                    caption=f"{figures}. {note}" if note else figures,
                    is_failed=query.status == "failed",
                )
            )
    return pictures
