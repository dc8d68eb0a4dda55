"""The errors of two sides put side by side, by the name of the query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from neumap.errors import DataError, Fault
from neumap.evaluation.bootstrap import PairedValues
from neumap.evaluation.score import QueryScore
from neumap.evaluation.summary import Summary
from neumap.images.posed_image import Units

QueryKey = tuple[str, str]
"""Scene and photo."""

_REMEDY = "Evaluate both sides on the same queries and name every file of both."


@dataclass(frozen=True, eq=False)
class PairedRuns:
    """Errors of both sides; a failed query is infinite."""

    queries: tuple[QueryKey, ...]
    position: PairedValues
    """Metres, or fractions of the scene's median depth."""
    rotation_deg: PairedValues
    is_metric: bool

    @property
    def position_unit(self) -> str:
        """Return the unit of the position errors in words."""
        return "metre" if self.is_metric else "median depth of the scene"


def pair_runs(side_a: Sequence[Summary], side_b: Sequence[Summary]) -> PairedRuns:
    """Match the queries of both sides by scene and name.

    A side may consist of several files: runs of the same queries (seeds), of different queries
    (scenes, folds), or both; each query must stand in equally many files of its side. Where a
    scene has no metric unit, all position errors become fractions of their scene's median depth
    as side A states it, else B.

    Raises DataError that names every query or scene that does not match.
    """
    by_query_a, by_query_b = _by_query(side_a), _by_query(side_b)
    faults = _unmatched(by_query_a, by_query_b)
    faults += _uneven(by_query_a, "A") + _uneven(by_query_b, "B")
    units = _units_by_scene(side_a)
    faults += [
        Fault(scene or "scene", "its unit is not the same on both sides", _REMEDY)
        for scene, unit in _units_by_scene(side_b).items()
        if units.get(scene, unit) != unit
    ]
    if faults:
        raise DataError.from_faults(faults)
    is_metric = all(unit == {"metre"} for unit in units.values())
    depths: dict[str, float] = {} if is_metric else _depth_by_scene([*side_a, *side_b], len(side_a))
    both = (by_query_a, by_query_b)
    scale = np.array([depths.get(scene, 1.0) for scene, _ in by_query_a])
    position = _paired(both, lambda query: query.position_error)
    return PairedRuns(
        queries=tuple(by_query_a),
        position=PairedValues(position.a / scale, position.b / scale),
        rotation_deg=_paired(both, lambda query: query.rotation_error_deg),
        is_metric=is_metric,
    )


def _by_query(side: Sequence[Summary]) -> dict[QueryKey, list[QueryScore]]:
    found: dict[QueryKey, list[QueryScore]] = {}
    for summary in side:
        for query in summary.scores:
            found.setdefault((summary.scene, query.name), []).append(query)
    return found


def _unmatched(
    by_query_a: dict[QueryKey, list[QueryScore]], by_query_b: dict[QueryKey, list[QueryScore]]
) -> list[Fault]:
    return [
        Fault(_text(key), f"is a query of side {side} only", _REMEDY)
        for side, own, other in (("A", by_query_a, by_query_b), ("B", by_query_b, by_query_a))
        for key in own
        if key not in other
    ]


def _uneven(by_query: dict[QueryKey, list[QueryScore]], side: str) -> list[Fault]:
    most = max(len(runs) for runs in by_query.values())
    return [
        Fault(_text(key), f"stands in {len(runs)} files of side {side}, others in {most}", _REMEDY)
        for key, runs in by_query.items()
        if len(runs) != most
    ]


def _units_by_scene(side: Sequence[Summary]) -> dict[str, set[Units]]:
    units: dict[str, set[Units]] = {}
    for summary in side:
        units.setdefault(summary.scene, set()).add(summary.units)
    return units


def _depth_by_scene(summaries: Sequence[Summary], num_a: int) -> dict[str, float]:
    """Return each scene's median depth: side A's (the first ones), where it is known there."""
    depths: dict[str, list[float]] = {}
    for part in (summaries[:num_a], summaries[num_a:]):
        known = set(depths)
        for summary in part:
            if summary.median_depth is not None and summary.scene not in known:
                depths.setdefault(summary.scene, []).append(summary.median_depth)
    return {scene: float(np.median(values)) for scene, values in depths.items()}


def _paired(
    by_query: tuple[dict[QueryKey, list[QueryScore]], dict[QueryKey, list[QueryScore]]],
    error_of: Callable[[QueryScore], float],
) -> PairedValues:
    queries = tuple(by_query[0])
    a, b = (
        np.array([[error_of(run) for run in side[key]] for key in queries], dtype=np.float64).T
        for side in by_query
    )
    return PairedValues(a, b)


def _text(key: QueryKey) -> str:
    scene, name = key
    return f"{scene}: {name}" if scene else name
