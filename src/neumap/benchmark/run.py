"""One benchmark from the user's data to the results file, the figures and the page."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from neumap.baselines import Method
from neumap.benchmark.out_folder import make_folder
from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.results import BenchmarkResults, SceneFacts
from neumap.benchmark.scene_data import read_scene
from neumap.benchmark.scene_folders import find_scenes
from neumap.benchmark.scene_rows import ScoredRow, score_scene
from neumap.benchmark.scene_runs import Watch, run_scene
from neumap.benchmark.submission import write_submissions
from neumap.evaluation.benchmark_report import render_benchmark_report
from neumap.evaluation.figures_file import write_figures
from neumap.evaluation.text_file import write_text_atomically

REPORT_FILE = "report.html"
FIGURES = "figures"
"""Folder of the results with the figures files of each row, which `neumap compare` reads."""


def run_benchmark(
    plan: BenchmarkPlan,
    methods: Sequence[Method],
    *,
    command: str,
    watch: Watch | None = None,
    scene_done: Callable[[SceneFacts], None] | None = None,
) -> BenchmarkResults:
    """Run, score and write everything; runs that are whole on disk are taken over.

    Predictions are written before anything is scored, and the results file after each scene. The
    page is written at the end, of scored benchmarks only. Raises DataError, OptionError and what
    readers raise for bad input.
    """
    found = find_scenes(plan.recipe, plan.root)
    make_folder(plan.out)
    results = BenchmarkResults(
        plan=plan,
        methods=tuple(method.name for method in methods),
        command=command,
        num_scenes=len(found),
    )
    for place in found:
        scene = read_scene(place, plan)
        runs = run_scene(scene, methods, plan, watch=watch or Watch())
        facts = SceneFacts.of(scene)
        results = replace(results, scenes=(*results.scenes, facts))
        if plan.recipe.is_scored:
            rows = score_scene(scene, runs, thresholds=plan.recipe.thresholds)
            _write_figures(rows, plan.out)
            results = replace(results, scored=(*results.scored, *rows))
        else:
            rows = write_submissions(plan.recipe, runs, plan.out)
            results = replace(results, submitted=(*results.submitted, *rows))
        results.write()
        if scene_done is not None:
            scene_done(facts)
    if results.rows:
        rows = results.rows
        if not plan.has_pictures:
            rows = [replace(row, evidence=None) for row in rows]
        page = render_benchmark_report(plan.recipe.title, rows)
        write_text_atomically(plan.out / REPORT_FILE, page)
    return results


def _write_figures(rows: Sequence[ScoredRow], out: Path) -> None:
    """Write a file for each row, or for each seed of a row: comparisons draw seeds as well."""
    for scored in rows:
        first = scored.runs[0]
        stem = first.predictions.stem.removesuffix(f"-fold{first.name.fold}-seed{first.name.seed}")
        folder = make_folder(out / FIGURES / first.predictions.parent.name)
        for seed, summary in scored.by_seed.items():
            suffix = f"-seed{seed}" if len(scored.by_seed) > 1 else ""
            write_figures(folder / f"{stem}{suffix}.json", summary)
