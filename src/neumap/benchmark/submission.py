"""Predictions for a benchmark's server, which keeps the true poses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neumap.benchmark.kept_run import KeptRun
from neumap.benchmark.out_folder import make_folder
from neumap.benchmark.recipe import Recipe
from neumap.evaluation import read_predictions
from neumap.evaluation.export import export_predictions

SUBMISSIONS = "submissions"
"""Folder of the results that holds the files for the server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmissionRow:
    """A method's map of a scene whose queries a server scores: one run."""

    run: KeptRun
    num_queries: int
    num_failed: int
    query_ms_median: float | None
    submission: Path | None
    """Text file of visuallocalization.net; None where no query has a pose."""


def write_submissions(
    recipe: Recipe, runs: Sequence[KeptRun], out: Path
) -> tuple[SubmissionRow, ...]:
    """Write one file a run (`name qw qx qy qz tx ty tz` lines); a failed query has no line.

    Raises DataError where a file cannot be written or a name cannot stand in it.
    """
    make_folder(out / SUBMISSIONS)
    return tuple(_write(recipe, run, out) for run in runs)


def _write(recipe: Recipe, run: KeptRun, out: Path) -> SubmissionRow:
    predictions = read_predictions(run.predictions)
    num_failed = sum(prediction.status == "failed" for prediction in predictions)
    path = None
    if num_failed < len(predictions):
        scene = re.sub(r"[^\w.-]", "_", run.name.scene)
        path = out / SUBMISSIONS / f"{scene}-{run.predictions.stem}.txt"
        export_predictions(
            predictions, path, format_name="visloc", name_parts=recipe.submitted_name_parts
        )
    times = [p.query_ms for p in predictions if p.query_ms is not None]
    return SubmissionRow(
        run=run,
        num_queries=len(predictions),
        num_failed=num_failed,
        query_ms_median=float(np.median(times)) if times else None,
        submission=path,
    )
