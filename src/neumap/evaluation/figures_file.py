"""The figures file of an evaluation, read back and checked."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from neumap.errors import DataError, Fault
from neumap.evaluation.prediction import Status
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import Summary, summarise
from neumap.evaluation.text_file import write_text_atomically
from neumap.evaluation.trajectory_error import TrajectoryError

_REMEDY = "Write the file anew with `neumap evaluate`."


class _Checked(BaseModel):
    # other keys than those read here may stand in the file: it grows with the versions
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Query(_Checked):
    name: str
    status: Status
    reason: str
    position_error: NonNegativeFloat | None
    rotation_error_deg: NonNegativeFloat | None
    num_inliers: int
    num_correspondences: int
    inlier_ratio: float
    query_ms: float | None


class _Trajectory(_Checked):
    rmse: float | None
    rmse_unaligned: float | None
    alignment: Literal["none", "similarity"]
    alignment_scale: float | None
    num_poses: int
    num_queries: int


class _Figures(_Checked):
    scene: str = ""
    position_unit: Literal["metre", "scene unit"]
    median_depth: float | None
    map_bytes: int | None
    mapping_seconds: float | None
    ate: _Trajectory | None = None
    num_queries: int
    num_failed: int
    per_query: list[_Query] = Field(min_length=1)


def write_figures(path: Path, summary: Summary) -> None:
    """Write the JSON of a summary; the file is complete or not there.

    Raises DataError where it cannot be written.
    """
    text = json.dumps(summary.to_json(), indent=1, allow_nan=False, ensure_ascii=False)
    write_text_atomically(path, text + "\n")


def read_figures(path: Path) -> Summary:
    """Read one figures file; the figures are computed anew from its queries.

    Raises DataError that lists every faulty field, also where the counts do not fit the queries,
    a query stands twice, or an error is null without a failure.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read ({error})", _REMEDY) from error
    try:
        figures = _Figures.model_validate_json(text)
    except ValidationError as error:
        raise DataError.from_faults(
            [
                Fault(_field(path, fault["loc"]), fault["msg"], _REMEDY)
                for fault in error.errors(include_url=False)
            ]
        ) from error
    faults = [Fault(str(path), reason, _REMEDY) for reason in _contradictions(figures)]
    if faults:
        raise DataError.from_faults(faults)
    return summarise(
        [_score(query) for query in figures.per_query],
        scene=figures.scene,
        units="metre" if figures.position_unit == "metre" else "unknown",
        median_depth=figures.median_depth,
        trajectory=None if figures.ate is None else _trajectory(figures.ate),
        map_bytes=figures.map_bytes,
        mapping_seconds=figures.mapping_seconds,
    )


def _field(path: Path, location: tuple[int | str, ...]) -> str:
    return f"{path}, field {'.'.join(str(part) for part in location)}" if location else str(path)


def _contradictions(figures: _Figures) -> list[str]:
    reasons: list[str] = []
    names = [query.name for query in figures.per_query]
    for name, count in Counter(names).items():
        if count > 1:
            reasons.append(f"query {name} stands {count} times")
    if figures.num_queries != len(names):
        reasons.append(f"num_queries is {figures.num_queries} but {len(names)} are listed")
    num_failed = sum(query.status == "failed" for query in figures.per_query)
    if figures.num_failed != num_failed:
        reasons.append(f"num_failed is {figures.num_failed} but {num_failed} are listed as failed")
    for query in figures.per_query:
        has_errors = query.position_error is not None and query.rotation_error_deg is not None
        if has_errors != (query.status == "ok"):
            reasons.append(f"query {query.name} is {query.status} but its errors say otherwise")
    return reasons


def _score(query: _Query) -> QueryScore:
    position, rotation_deg = query.position_error, query.rotation_error_deg
    return QueryScore(
        name=query.name,
        status=query.status,
        reason=query.reason,
        position_error=math.inf if position is None else position,
        rotation_error_deg=math.inf if rotation_deg is None else rotation_deg,
        num_inliers=query.num_inliers,
        num_correspondences=query.num_correspondences,
        inlier_ratio=query.inlier_ratio,
        query_ms=query.query_ms,
    )


def _trajectory(raw: _Trajectory) -> TrajectoryError:
    return TrajectoryError(
        rmse=raw.rmse,
        rmse_unaligned=raw.rmse_unaligned,
        alignment=raw.alignment,
        scale=raw.alignment_scale,
        num_poses=raw.num_poses,
        num_queries=raw.num_queries,
    )
