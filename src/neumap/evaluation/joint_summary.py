"""Several scenes in one table: each with its figures, and all queries pooled."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from neumap.errors import DataError, Fault
from neumap.evaluation.summary import Summary, summarise


@dataclass(frozen=True)
class JointSummary:
    """The figures of several scenes (at least one)."""

    scenes: tuple[Summary, ...]
    pooled: Summary
    """All queries as one set: a scene counts by its queries. No trajectory error."""
    rows: tuple[Summary, ...]
    """The figures of each scene in the unit of `pooled`."""
    is_relative: bool
    """Whether pooled positions are fractions of each scene's median depth, not metres."""

    @property
    def position_unit(self) -> str:
        """Return the unit of the pooled position errors in words."""
        return "median depth of the scene" if self.is_relative else "metre"

    @property
    def mean_of_medians(self) -> tuple[float, float]:
        """Means over the scenes of the median position and rotation error, as 7-Scenes tables do.

        In the unit of `pooled`, and degrees; infinite where a scene's median is.
        """
        position = [row.position_percentiles[50] for row in self.rows]
        rotation = [row.rotation_percentiles_deg[50] for row in self.rows]
        return sum(position) / len(position), sum(rotation) / len(rotation)

    def to_json(self) -> dict[str, object]:
        """Return `overall` and `scenes` (name to figures) as JSON values."""
        overall = self.pooled.to_json()
        del overall["per_query"]  # they stand under each scene
        position, rotation = (
            value if math.isfinite(value) else None for value in self.mean_of_medians
        )
        overall.update(
            position_unit=self.position_unit,
            num_scenes=len(self.scenes),
            mean_of_scene_median_position_errors=position,
            mean_of_scene_median_rotation_errors_deg=rotation,
        )
        return {
            "overall": overall,
            "scenes": {summary.scene: summary.to_json() for summary in self.scenes},
        }


def join_scenes(summaries: Sequence[Summary]) -> JointSummary:
    """Pool the queries of scenes with different names.

    Where all scenes are metric, positions are in metres; else in fractions of each scene's median
    depth, because units that are not known cannot be pooled. Bytes and mapping times add up, if
    all are known. Raises DataError where a name repeats or nothing is given.
    """
    counts = Counter(summary.scene for summary in summaries)
    faults = [
        Fault(scene or "scene", f"stands in {count} evaluations", "Give each scene once.")
        for scene, count in counts.items()
        if count > 1
    ]
    if not summaries:
        faults.append(Fault("scenes", "no evaluation is given", "Give at least one."))
    if faults:
        raise DataError.from_faults(faults)
    is_relative = any(summary.units != "metre" for summary in summaries)
    rows = tuple(_relative(summary) for summary in summaries) if is_relative else tuple(summaries)
    sizes = [summary.map_bytes for summary in summaries if summary.map_bytes is not None]
    seconds = [
        summary.mapping_seconds for summary in summaries if summary.mapping_seconds is not None
    ]
    pooled = summarise(
        [replace(query, name=f"{row.scene}/{query.name}") for row in rows for query in row.scores],
        scene="all scenes",
        units="unknown" if is_relative else "metre",
        median_depth=1.0 if is_relative else None,
        map_bytes=sum(sizes) if len(sizes) == len(summaries) else None,
        mapping_seconds=sum(seconds) if len(seconds) == len(summaries) else None,
    )
    return JointSummary(tuple(summaries), pooled, rows, is_relative)


def _relative(summary: Summary) -> Summary:
    """Return the figures with positions as fractions of the scene's median depth."""
    # without a median depth no query has inliers, so that all errors are infinite anyway
    depth = summary.median_depth or 1.0
    return summarise(
        [replace(query, position_error=query.position_error / depth) for query in summary.scores],
        scene=summary.scene,
        units="unknown",
        median_depth=1.0,
        map_bytes=summary.map_bytes,
        mapping_seconds=summary.mapping_seconds,
    )
