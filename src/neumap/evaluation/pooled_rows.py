"""Rows of a benchmark pooled over its scenes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.joint_summary import join_scenes
from neumap.evaluation.summary import Summary

ALL_SCENES = "all scenes"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PooledRows:
    """One row a method and budget, of the queries of all scenes."""

    rows: tuple[BenchmarkRow, ...]
    """Bytes and mapping times are means over the scenes; without evidence."""
    is_relative: bool
    """Whether positions are fractions of each scene's median depth, because not all are metric."""


def pool_scenes(rows: Sequence[BenchmarkRow]) -> PooledRows:
    """Pool the rows of each method and budget that stands once in every scene; leave out others."""
    scenes = list(dict.fromkeys(row.scene for row in rows))
    by_kind: dict[tuple[str, int | None], list[BenchmarkRow]] = {}
    for row in rows:
        by_kind.setdefault((row.method, row.budget_bytes), []).append(row)
    is_relative = any(row.summary.units != "metre" for row in rows)
    pooled: list[BenchmarkRow] = []
    for (method, budget_bytes), of_kind in by_kind.items():
        if sorted(row.scene for row in of_kind) != sorted(scenes):
            continue
        joint = join_scenes([replace(row.summary, scene=row.scene) for row in of_kind])
        pooled.append(
            BenchmarkRow(
                scene=ALL_SCENES,
                method=method,
                budget_bytes=budget_bytes,
                map_bytes=round(fmean(row.map_bytes for row in of_kind)),
                mapping_seconds=fmean(row.mapping_seconds for row in of_kind),
                summary=joint.pooled,
                evidence=None,
                main_recalls=of_kind[0].main_recalls,
                by_seed=_pooled_seeds(of_kind),
            )
        )
    return PooledRows(rows=tuple(pooled), is_relative=is_relative)


def _pooled_seeds(rows: Sequence[BenchmarkRow]) -> tuple[Summary, ...]:
    """Pool the scenes of each seed; empty where some scene has another number of seeds."""
    if len({len(row.by_seed) for row in rows}) > 1:
        return ()
    of_seeds = zip(*(row.by_seed for row in rows), strict=True)
    return tuple(join_scenes(summaries).pooled for summaries in of_seeds)
