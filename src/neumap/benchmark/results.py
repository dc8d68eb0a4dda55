"""All that a benchmark run found, and its results file."""

import json
import math
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from neumap.benchmark.kept_run import KeptRun
from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.run_key import library_versions, package_fingerprint
from neumap.benchmark.scene_data import SceneData
from neumap.benchmark.scene_rows import ScoredRow
from neumap.benchmark.submission import SubmissionRow
from neumap.evaluation import Summary
from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.bootstrap import Interval
from neumap.evaluation.equal_bytes import Behind, where_behind
from neumap.evaluation.pooled_rows import PooledRows, pool_scenes
from neumap.evaluation.text_file import write_text_atomically

SCHEMA_VERSION = 1
RESULTS_FILE = "benchmark.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class SceneFacts:
    """What the results say of a scene besides its rows."""

    scene: str
    folder: str
    layout: str
    units: str
    split: str
    folds: dict[int, tuple[int, int]]
    """Numbers of photos to map and of queries, by fold."""
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, scene: SceneData) -> "SceneFacts":
        """Keep what was read."""
        return cls(
            scene=scene.name,
            folder=scene.image_set.root.resolve().name,
            layout=scene.image_set.layout,
            units=scene.image_set.units,
            split=scene.split_sentence,
            folds={
                number: (len(split.map_names), len(split.query_names))
                for number, split in scene.splits.items()
            },
            warnings=scene.image_set.warnings,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BenchmarkResults:
    """The rows of all scenes that are done."""

    plan: BenchmarkPlan
    methods: tuple[str, ...]
    command: str
    num_scenes: int
    """Scenes of the run, those not done yet included."""
    scenes: tuple[SceneFacts, ...] = ()
    scored: tuple[ScoredRow, ...] = ()
    submitted: tuple[SubmissionRow, ...] = ()

    @property
    def rows(self) -> tuple[BenchmarkRow, ...]:
        """The scored rows for tables and pages."""
        return tuple(scored.row for scored in self.scored)

    @property
    def behind(self) -> list[Behind]:
        """Where neumap's row is not the best at equal bytes, and by how much."""
        return where_behind(self.rows)

    @property
    def runs(self) -> tuple[KeptRun, ...]:
        """All runs of all rows."""
        scored = [run for row in self.scored for run in row.runs]
        return (*scored, *(row.run for row in self.submitted))

    @property
    def overall(self) -> PooledRows | None:
        """Rows over all scenes; None for one scene."""
        return pool_scenes(self.rows) if self.rows and len(self.scenes) > 1 else None

    def to_json(self) -> dict[str, object]:
        """Return everything but pictures and single queries, as JSON values."""
        plan, recipe = self.plan, self.plan.recipe
        return {
            "schema_version": SCHEMA_VERSION,
            "benchmark": recipe.name,
            "title": recipe.title,
            "command": self.command,
            "neumap": version("neumap"),
            "package": package_fingerprint()[:16],
            "libraries": library_versions(),
            "machine": platform.machine(),
            "settings": {
                "methods": list(self.methods),
                "budgets_bytes": list(plan.budgets),
                "every": plan.every,
                "folds": list(plan.folds) or "all",
                "seeds": plan.num_seeds,
                "has_depth": recipe.has_depth,
                "mapping": recipe.mapping.model_dump(mode="json"),
                "thresholds": [list(threshold) for threshold in recipe.thresholds],
                "paper": None if recipe.paper is None else asdict(recipe.paper),
            },
            "is_complete": len(self.scenes) == self.num_scenes,
            "scenes": [asdict(facts) for facts in self.scenes],
            "rows": [_scored_json(row, plan.out) for row in self.scored],
            "submissions": [_submission_json(row, plan.out) for row in self.submitted],
            "overall": [] if self.overall is None else self._overall_json(self.overall),
            "behind": [_behind_json(entry) for entry in self.behind],
            "notes": "null: an infinite error (that many queries failed) or an unknown number",
        }

    def _overall_json(self, pooled: PooledRows) -> list[object]:
        unit = "median depth of the scene" if pooled.is_relative else "metre"
        found: list[object] = []
        for row in pooled.rows:
            of_scenes = [
                other.summary.position_percentiles[50]
                for other in self.rows
                if (other.method, other.budget_bytes) == (row.method, row.budget_bytes)
            ]
            mean = sum(of_scenes) / len(of_scenes)
            is_stated = not pooled.is_relative and math.isfinite(mean)
            found.append(
                {
                    **_row_json(row),
                    "position_unit": unit,
                    "mean_of_scene_median_position_errors": mean if is_stated else None,
                }
            )
        return found

    def write(self) -> Path:
        """Write the results file, whole or not at all; DataError where that cannot be done."""
        path = self.plan.out / RESULTS_FILE
        text = json.dumps(self.to_json(), indent=1, allow_nan=False, ensure_ascii=False)
        write_text_atomically(path, text + "\n")
        return path


def _row_json(row: BenchmarkRow) -> dict[str, object]:
    figures = row.summary.to_json()
    for key in ("per_query", "notes", "scene", "map_bytes", "mapping_seconds"):
        del figures[key]  # single queries stand in the figures file, the others are below
    return {
        "scene": row.scene,
        "method": row.method,
        "budget_bytes": row.budget_bytes,
        "map_bytes": row.map_bytes,
        "mapping_seconds": row.mapping_seconds,
        **figures,
    }


def _scored_json(scored: ScoredRow, out: Path) -> dict[str, object]:
    row = scored.row
    content = {**_row_json(row), "runs": [_run_json(run, out) for run in scored.runs]}
    if len(scored.by_seed) > 1:
        content["by_seed"] = [_seed_json(*entry) for entry in scored.by_seed.items()]
    return content


def _seed_json(seed: int, summary: Summary) -> dict[str, object]:
    figures = summary.to_json()
    keys = ("median_position_error", "median_rotation_error_deg", "recall", "num_failed")
    return {"seed": seed, **{key: figures[key] for key in keys}}


def _run_json(run: KeptRun, out: Path) -> dict[str, object]:
    return {
        "fold": run.name.fold,
        "seed": run.name.seed,
        "map_bytes": run.cost.map_bytes,
        "mapping_seconds": run.cost.mapping_seconds,
        "no_map_reason": run.cost.no_map_reason,
        "predictions": run.predictions.relative_to(out).as_posix(),
    }


def _submission_json(row: SubmissionRow, out: Path) -> dict[str, object]:
    path = row.submission
    return {
        "scene": row.run.name.scene,
        "method": row.run.name.method,
        "budget_bytes": row.run.name.budget_bytes,
        **_run_json(row.run, out),
        "num_queries": row.num_queries,
        "num_failed": row.num_failed,
        "query_ms_median": row.query_ms_median,
        "submission": None if path is None else path.relative_to(out).as_posix(),
    }


def _behind_json(entry: Behind) -> dict[str, object]:
    values = {"neumap": entry.own, "best": entry.best, "by": abs(entry.own - entry.best)}
    return {
        "scene": entry.scene,
        "budget_bytes": entry.budget_bytes,
        "figure": entry.figure,
        # an infinite error is no JSON number
        **{key: value if math.isfinite(value) else None for key, value in values.items()},
        "best_methods": list(entry.best_methods),
        "interval": None if entry.gap is None else _interval_json(entry.gap),
        "is_decided": entry.is_decided,
    }


def _interval_json(interval: Interval) -> list[float | None]:
    ends = (interval.low, interval.high)
    return [end if math.isfinite(end) else None for end in ends]
