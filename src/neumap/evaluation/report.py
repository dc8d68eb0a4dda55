"""One self-contained HTML page about an evaluation; it needs no network and no other file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2
import numpy as np
from jaxtyping import Float

from neumap.evaluation.error_curve import error_curves_svg
from neumap.evaluation.map_from_above import QueryCameras, map_from_above_svg
from neumap.evaluation.prediction import Prediction
from neumap.evaluation.query_picture import MAX_RESIDUAL_PX, query_picture
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import Summary
from neumap.geometry import RigidTransform
from neumap.images import ImageSet

MAX_PICTURES = 6
MAX_FAILED_PICTURES = 3
"""A failed query shows only its photo: leave room for wrong poses, which show more."""


@dataclass(frozen=True, eq=False)
class ReportInputs:
    """What the page shows."""

    title: str
    summary: Summary
    predictions: tuple[Prediction, ...]
    image_set: ImageSet
    """Holds the queries with their true poses."""
    mapping_cameras: tuple[RigidTransform, ...] = ()
    """`cam_from_world` of the mapped photos, for the map from above."""
    map_points: Float[np.ndarray, "point 3"] | None = None
    """Points of the map; None shows the inlier points of all queries instead."""
    bytes_by_part: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Picture:
    name: str
    address: str
    caption: str
    is_failed: bool


def render_report(inputs: ReportInputs) -> str:
    """Return the page's HTML; pictures and curves are inside it."""
    summary = inputs.summary
    unit = "m" if summary.units == "metre" else "scene units"
    return _template().render(
        title=inputs.title,
        summary=summary,
        unit=unit,
        units_known=summary.units == "metre",
        warnings=inputs.warnings,
        bytes_by_part=inputs.bytes_by_part or {},
        curves=error_curves_svg(summary),
        above=_map_svg(inputs, unit),
        pictures=_worst_pictures(inputs),
        queries=sorted(summary.scores, key=_badness, reverse=True),
        max_residual_px=MAX_RESIDUAL_PX,
    )


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


def _map_svg(inputs: ReportInputs, unit: str) -> str:
    index = inputs.image_set.by_name()
    queries = [
        QueryCameras(true_pose, prediction.cam_from_world)
        for prediction in inputs.predictions
        if (true_pose := index[prediction.name].cam_from_world) is not None
    ]
    points = inputs.map_points
    if points is None:
        points = np.concatenate([p.pairs.xyz_in_world for p in inputs.predictions])
    return map_from_above_svg(points, inputs.mapping_cameras, queries, unit=unit)


def _worst_pictures(inputs: ReportInputs) -> list[_Picture]:
    by_name = {prediction.name: prediction for prediction in inputs.predictions}
    ordered = sorted(inputs.summary.scores, key=_badness, reverse=True)
    failed = [query for query in ordered if query.status == "failed"][:MAX_FAILED_PICTURES]
    found = [query for query in ordered if query.status == "ok"]
    chosen = [*failed, *found[: MAX_PICTURES - len(failed)]]
    pictures = (_picture(inputs, query, by_name[query.name]) for query in chosen)
    return [picture for picture in pictures if picture is not None]


def _picture(inputs: ReportInputs, query: QueryScore, prediction: Prediction) -> _Picture | None:
    image = inputs.image_set.by_name()[query.name]
    if image.cam_from_world is None:
        return None
    address = query_picture(
        image.path, prediction, camera=image.camera, true_cam_from_world=image.cam_from_world
    )
    if not address:
        return None
    unit = "m" if inputs.summary.units == "metre" else "units"
    caption = query.reason or (
        f"{_figure(query.position_error)} {unit}, {_figure(query.rotation_error_deg)}°, "
        f"{query.num_inliers} inliers of {query.num_correspondences}"
    )
    return _Picture(query.name, address, caption, query.status == "failed")
