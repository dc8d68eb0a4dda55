"""One evaluation from a localiser to the files: predict, write, read back, score, report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neumap.errors import DataError, Fault
from neumap.evaluation.figures_file import write_figures
from neumap.evaluation.predictions import (
    Localizer,
    predict,
    read_predictions,
    write_predictions,
)
from neumap.evaluation.report import SceneEvidence, SceneReport, render_report
from neumap.evaluation.score import median_scene_depth, score
from neumap.evaluation.summary import Summary, summarise
from neumap.evaluation.text_file import write_text_atomically
from neumap.evaluation.trajectory_error import trajectory_error
from neumap.images import ImageSet, Split


@dataclass(frozen=True)
class EvaluationFiles:
    """Where the results go; each file is whole or absent."""

    predictions: Path
    """JSON lines, written before anything is scored."""
    figures: Path
    """JSON of `Summary.to_json`."""
    report: Path | None = None


@dataclass(frozen=True, eq=False)
class MapFacts:
    """What the figures say of the map itself."""

    title: str
    num_bytes: int | None = None
    bytes_by_part: dict[str, int] = field(default_factory=dict[str, int])
    mapping_seconds: float | None = None
    points: Float[np.ndarray, "point 3"] | None = None
    """Points of the map for the view from above; None or none shows the queries' inliers."""
    warnings: tuple[str, ...] = ()


def evaluate_localizer(
    localizer: Localizer,
    image_set: ImageSet,
    split: Split,
    *,
    files: EvaluationFiles,
    facts: MapFacts,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Evaluate one scene (see `evaluate_scene`) and write its report, if one is asked for."""
    scene = evaluate_scene(
        *(localizer, image_set, split), files=files, facts=facts, progress=progress
    )
    if files.report is not None:
        write_text_atomically(files.report, render_report(facts.title, [scene]))
    return scene.summary


def evaluate_scene(
    localizer: Localizer,
    image_set: ImageSet,
    split: Split,
    *,
    files: EvaluationFiles,
    facts: MapFacts,
    progress: Callable[[int, int], None] | None = None,
) -> SceneReport:
    """Localise the split's queries, write the predictions, and score what stands in that file.

    Writes predictions and figures, and returns the scene for a page of several (`render_report`).
    The scene is named after the folder of the data. Raises DataError before any query is run
    where one has no true pose or is not in the set.
    """
    mapped, queries = split.apply(image_set)
    true_poses = {image.name: image.cam_from_world for image in queries}
    lost = [name for name, true_pose in true_poses.items() if true_pose is None]
    if lost and len(lost) == len(true_poses):
        raise DataError(
            image_set.root.name,
            f"has no true pose for any of its {len(lost)} queries",
            "Use `neumap predict`, whose file `neumap export` turns into what servers take.",
        )
    if lost:
        raise DataError.from_faults(
            [Fault(name, "has no true pose", "Leave it out of the queries.") for name in lost]
        )
    written = predict(localizer, image_set, tuple(true_poses), progress=progress)
    write_predictions(files.predictions, written)

    predictions = read_predictions(files.predictions)
    summary = summarise(
        score(predictions, true_poses),
        scene=image_set.root.resolve().name,
        units=image_set.units,
        median_depth=median_scene_depth(predictions, true_poses),
        trajectory=trajectory_error(predictions, true_poses, units=image_set.units),
        map_bytes=facts.num_bytes,
        mapping_seconds=facts.mapping_seconds,
    )
    write_figures(files.figures, summary)
    cameras = tuple(i.cam_from_world for i in mapped if i.cam_from_world is not None)
    points = facts.points if facts.points is not None and len(facts.points) else None
    return SceneReport(
        title=facts.title,
        summary=summary,
        evidence=SceneEvidence(predictions, image_set, cameras, points),
        bytes_by_part=facts.bytes_by_part,
        warnings=facts.warnings,
    )
