"""One self-contained HTML page about one or more scenes; it needs no network and no other file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2
import numpy as np
from jaxtyping import Float

from neumap.evaluation.error_curve import error_curves_svg, joint_curves_svg
from neumap.evaluation.joint_summary import join_scenes
from neumap.evaluation.map_from_above import QueryCameras, map_from_above_svg
from neumap.evaluation.prediction import Prediction
from neumap.evaluation.query_picture import MAX_RESIDUAL_PX, QueryView, query_views
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import Summary
from neumap.geometry import RigidTransform
from neumap.images import ImageSet

MAX_WORST = 4
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


@dataclass(frozen=True, eq=False)
class SceneReport:
    """One scene of the page."""

    title: str
    summary: Summary
    evidence: SceneEvidence | None = None
    """None shows figures and curves alone."""
    bytes_by_part: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Picture:
    name: str
    views: tuple[QueryView, ...]
    caption: str
    is_failed: bool


def render_report(title: str, scenes: Sequence[SceneReport]) -> str:
    """Return the page's HTML; pictures and curves are inside it.

    Several scenes get a summary table, common curves and a part each; their names (of the
    summaries) must differ, else DataError.
    """
    joint = join_scenes([scene.summary for scene in scenes])
    return _template().render(
        title=title,
        joint=joint,
        joint_curves=joint_curves_svg(joint, name="curves") if len(scenes) > 1 else "",
        scenes=[_scene_fields(scene, number) for number, scene in enumerate(scenes, start=1)],
        max_residual_px=MAX_RESIDUAL_PX,
    )


def _scene_fields(scene: SceneReport, number: int) -> dict[str, object]:
    summary, evidence = scene.summary, scene.evidence
    unit = "m" if summary.units == "metre" else "scene units"
    worst, best = _worst_and_best(summary)
    return {
        "number": number,
        "title": scene.title,
        "summary": summary,
        "unit": unit,
        "warnings": scene.warnings,
        "bytes_by_part": scene.bytes_by_part or {},
        "curves": error_curves_svg(summary, name=f"curves{number}"),
        "above": "" if evidence is None else _map_svg(evidence, unit, f"above{number}"),
        "worst": [] if evidence is None else _pictures(summary, evidence, worst),
        "best": [] if evidence is None else _pictures(summary, evidence, best),
        "queries": sorted(summary.scores, key=_badness, reverse=True),
    }


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure"] = _figure
    environment.filters["size"] = _size
    source = resources.files("neumap.evaluation").joinpath("report.html.j2")
    return environment.from_string(source.read_text(encoding="utf-8"))


def _figure(value: float | None, digits: int = 3) -> str:
    """Write a number with so many significant digits; infinite is "failed", unknown a dash."""
    if value is None:
        return "–"  # noqa: RUF001  the typographic dash of an empty table cell
    if math.isinf(value):
        return "failed"
    if value == 0:
        return "0"
    if abs(value) < 5e-5:
        return "< 0.0001"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 4)}f}"


def _size(value: int | None) -> str:
    if value is None:
        return _figure(None)
    return f"{value:,} B" if value < 1000 else f"{value / 1000:,.1f} kB"


def _badness(query: QueryScore) -> tuple[bool, float]:
    return query.status == "failed", query.position_error


def _worst_and_best(summary: Summary) -> tuple[list[QueryScore], list[QueryScore]]:
    """Return failed queries with the largest errors, and the smallest errors, smallest first."""
    ordered = sorted(summary.scores, key=_badness, reverse=True)
    failed = [query for query in ordered if query.status == "failed"][:MAX_WORST_FAILED]
    found = [query for query in ordered if query.status == "ok"]
    # of a few queries, those that are among the best are not shown twice
    num_worst = min(MAX_WORST - len(failed), max(0, len(found) - MAX_BEST))
    return [*failed, *found[:num_worst]], found[::-1][:MAX_BEST]


def _map_svg(evidence: SceneEvidence, unit: str, name: str) -> str:
    index = evidence.image_set.by_name()
    queries = [
        QueryCameras(true_pose, prediction.cam_from_world)
        for prediction in evidence.predictions
        if (true_pose := index[prediction.name].cam_from_world) is not None
    ]
    points = evidence.map_points
    if points is None:
        points = np.concatenate([p.pairs.xyz_in_world for p in evidence.predictions])
    return map_from_above_svg(points, evidence.mapping_cameras, queries, unit=unit, name=name)


def _pictures(
    summary: Summary, evidence: SceneEvidence, chosen: Sequence[QueryScore]
) -> list[_Picture]:
    predictions = {prediction.name: prediction for prediction in evidence.predictions}
    images = evidence.image_set.by_name()
    unit = "m" if summary.units == "metre" else "units"
    pictures: list[_Picture] = []
    for query in chosen:
        image, prediction = images[query.name], predictions[query.name]
        if image.cam_from_world is None:
            continue
        views = query_views(
            image.path, prediction, camera=image.camera, true_cam_from_world=image.cam_from_world
        )
        caption = query.reason or (
            f"{_figure(query.position_error)} {unit}, {_figure(query.rotation_error_deg)}°, "
            f"{query.num_inliers} inliers of {query.num_correspondences}"
        )
        if views:
            pictures.append(_Picture(query.name, views, caption, query.status == "failed"))
    return pictures
