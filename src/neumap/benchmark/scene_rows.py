"""Runs of a scene, read back from their files and scored, to rows of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neumap.benchmark.kept_run import KeptRun
from neumap.benchmark.recipe import Threshold
from neumap.benchmark.scene_data import SceneData
from neumap.evaluation import Prediction, QueryScore, Summary, read_predictions, score, summarise
from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.recall import recall_label
from neumap.evaluation.report import SceneEvidence
from neumap.evaluation.score import median_scene_depth
from neumap.evaluation.trajectory_error import trajectory_error
from neumap.geometry import RigidTransform
from neumap.images import PosedImage

TruePoses = Mapping[str, RigidTransform | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredRow:
    """A row with the runs that it pools: all folds and seeds of a method at a budget."""

    row: BenchmarkRow
    """Queries of further seeds are renamed there, since names tell queries apart."""
    runs: tuple[KeptRun, ...]
    by_seed: dict[int, Summary]
    """The figures of the maps of one seed, all folds pooled."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answers:
    """One run's predictions."""

    run: KeptRun
    predictions: tuple[Prediction, ...]
    true_poses: TruePoses

    @property
    def seed(self) -> int:
        """The seed of the run's map."""
        return self.run.name.seed


def score_scene(
    scene: SceneData, runs: Sequence[KeptRun], *, thresholds: Sequence[Threshold]
) -> tuple[ScoredRow, ...]:
    """Score what stands in the predictions files; one row for each method and budget.

    `thresholds` are those that tables of the data set count, the main one first.

    Where the unit is not known, recall is counted in fractions of a median depth that is the same
    for all rows: that of the inlier points of all methods. Raises DataError where a query is
    missing in a file, or stands in it twice.
    """
    answers = [
        _Answers(
            run=run,
            predictions=read_predictions(run.predictions),
            true_poses=scene.true_poses(run.name.fold),
        )
        for run in runs
    ]
    merged: dict[str, RigidTransform | None] = {}
    for answer in answers:
        merged.update(answer.true_poses)
    depth = median_scene_depth([p for a in answers for p in a.predictions], merged)
    groups: dict[tuple[str, int | None], list[_Answers]] = {}
    for answer in answers:
        name = answer.run.name
        groups.setdefault((name.method, name.budget_bytes), []).append(answer)
    labels = tuple(recall_label(*threshold) for threshold in thresholds)
    rows = (_row(scene, group, median_depth=depth) for group in groups.values())
    return tuple(replace(s, row=replace(s.row, main_recalls=labels)) for s in rows)


def _row(scene: SceneData, group: Sequence[_Answers], *, median_depth: float | None) -> ScoredRow:
    by_seed: dict[int, list[_Answers]] = {}
    for answer in group:
        by_seed.setdefault(answer.seed, []).append(answer)
    pooled = _summary(scene, [_renamed(answer) for answer in group], median_depth=median_depth)
    summaries = {
        seed: _summary(scene, answers, median_depth=median_depth)
        for seed, answers in by_seed.items()
    }
    name = group[0].run.name
    row = BenchmarkRow(
        scene=scene.name,
        method=name.method,
        budget_bytes=name.budget_bytes,
        map_bytes=pooled.map_bytes or 0,
        mapping_seconds=pooled.mapping_seconds or 0.0,
        summary=pooled,
        evidence=_evidence(
            scene,
            tuple(p for answer in group for p in _renamed(answer).predictions),
            seeds=tuple(by_seed),
        ),
        by_seed=tuple(summaries.values()) if len(summaries) > 1 else (),
    )
    return ScoredRow(row=row, runs=tuple(answer.run for answer in group), by_seed=summaries)


def _summary(
    scene: SceneData, answers: Sequence[_Answers], *, median_depth: float | None
) -> Summary:
    """Score the answers and pool them; bytes and mapping time are medians over the maps."""
    scores: list[QueryScore] = []
    for answer in answers:
        scores.extend(score(answer.predictions, answer.true_poses))
    costs = [a.run.cost for a in answers if a.run.cost.no_map_reason is None]
    units = scene.image_set.units
    return summarise(
        scores,
        scene=scene.name,
        units=units,
        median_depth=median_depth,
        trajectory=trajectory_error(
            [p for answer in answers for p in answer.predictions],
            {name: pose for answer in answers for name, pose in answer.true_poses.items()},
            units=units,
        ),
        map_bytes=round(float(np.median([cost.map_bytes for cost in costs]))) if costs else 0,
        mapping_seconds=(
            float(np.median([cost.mapping_seconds for cost in costs])) if costs else 0.0
        ),
    )


def _renamed(answer: _Answers) -> _Answers:
    """Return the answers under names that differ between seeds."""
    seed = answer.seed
    return replace(
        answer,
        predictions=tuple(replace(p, name=_seed_name(p.name, seed)) for p in answer.predictions),
        true_poses={_seed_name(name, seed): pose for name, pose in answer.true_poses.items()},
    )


def _seed_name(name: str, seed: int) -> str:
    return name if seed == 0 else f"seed {seed}/{name}"


def _evidence(
    scene: SceneData, predictions: tuple[Prediction, ...], *, seeds: tuple[int, ...]
) -> SceneEvidence:
    """Return what pictures are drawn from, with a record of each photo under all its names."""
    images: tuple[PosedImage, ...] = tuple(
        replace(image, name=_seed_name(image.name, seed))
        for seed in seeds
        for image in scene.image_set.images
    )
    mapped = {name for split in scene.splits.values() for name in split.map_names}
    cameras = tuple(
        image.cam_from_world
        for image in scene.image_set.images
        if image.name in mapped and image.cam_from_world is not None
    )
    return SceneEvidence(predictions, replace(scene.image_set, images=images), cameras)
