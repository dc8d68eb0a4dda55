"""Runs of a scene, read back from their files and scored, to rows of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neumap.benchmark.kept_run import KeptRun
from neumap.benchmark.scene_data import SceneData
from neumap.evaluation import Prediction, QueryScore, read_predictions, score, summarise
from neumap.evaluation.benchmark_row import BenchmarkRow
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
    runs: tuple[KeptRun, ...]
    scores_by_seed: dict[int, tuple[QueryScore, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answers:
    """One run's predictions under names that differ between seeds."""

    run: KeptRun
    predictions: tuple[Prediction, ...]
    true_poses: TruePoses


def score_scene(scene: SceneData, runs: Sequence[KeptRun]) -> tuple[ScoredRow, ...]:
    """Score what stands in the predictions files; one row for each method and budget.

    Where the unit is not known, recall is counted in fractions of a median depth that is the same
    for all rows: that of the inlier points of all methods. Raises DataError where a query is
    missing in a file, or stands in it twice.
    """
    answers = [_read(scene, run) for run in runs]
    merged: dict[str, RigidTransform | None] = {}
    for answer in answers:
        merged.update(answer.true_poses)
    depth = median_scene_depth([p for a in answers for p in a.predictions], merged)
    groups: dict[tuple[str, int | None], list[_Answers]] = {}
    for answer in answers:
        name = answer.run.name
        groups.setdefault((name.method, name.budget_bytes), []).append(answer)
    return tuple(_row(scene, group, median_depth=depth) for group in groups.values())


def _read(scene: SceneData, run: KeptRun) -> _Answers:
    """Read a run; queries of further seeds are renamed, since names tell queries apart."""
    seed = run.name.seed
    predictions = read_predictions(run.predictions)
    return _Answers(
        run=run,
        predictions=tuple(replace(p, name=_seed_name(p.name, seed)) for p in predictions),
        true_poses={
            _seed_name(name, seed): pose for name, pose in scene.true_poses(run.name.fold).items()
        },
    )


def _seed_name(name: str, seed: int) -> str:
    return name if seed == 0 else f"seed {seed}/{name}"


def _row(scene: SceneData, group: Sequence[_Answers], *, median_depth: float | None) -> ScoredRow:
    by_seed: dict[int, list[QueryScore]] = {}
    for answer in group:
        scores = score(answer.predictions, answer.true_poses)
        by_seed.setdefault(answer.run.name.seed, []).extend(scores)
    predictions = tuple(p for answer in group for p in answer.predictions)
    true_poses = {name: pose for a in group for name, pose in a.true_poses.items()}
    costs = [a.run.cost for a in group if a.run.cost.no_map_reason is None]
    map_bytes = round(float(np.median([cost.map_bytes for cost in costs]))) if costs else 0
    seconds = float(np.median([cost.mapping_seconds for cost in costs])) if costs else 0.0
    units = scene.image_set.units
    summary = summarise(
        [query for scores in by_seed.values() for query in scores],
        scene=scene.name,
        units=units,
        median_depth=median_depth,
        trajectory=trajectory_error(predictions, true_poses, units=units),
        map_bytes=map_bytes,
        mapping_seconds=seconds,
    )
    name = group[0].run.name
    row = BenchmarkRow(
        scene=scene.name,
        method=name.method,
        budget_bytes=name.budget_bytes,
        map_bytes=map_bytes,
        mapping_seconds=seconds,
        summary=summary,
        evidence=_evidence(scene, predictions, seeds=tuple(by_seed)),
    )
    scores_by_seed = {seed: tuple(scores) for seed, scores in by_seed.items()}
    return ScoredRow(
        row=row, runs=tuple(answer.run for answer in group), scores_by_seed=scores_by_seed
    )


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
