"""`neumap benchmark`: a benchmark by name, on the user's copy of its data."""

import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from neumap.benchmark.catalogue import RECIPES, find_recipe
from neumap.benchmark.plan import BenchmarkPlan, choose_methods
from neumap.benchmark.recipe import Recipe
from neumap.benchmark.results import RESULTS_FILE, BenchmarkResults, SceneFacts
from neumap.benchmark.run import REPORT_FILE, run_benchmark
from neumap.benchmark.scene_runs import Watch
from neumap.cli import exit_codes
from neumap.cli.benchmark_tables import print_recipes, print_results
from neumap.cli.console import print_json, progress_bars, warn
from neumap.cli.evaluation_options import BenchmarkOptions
from neumap.cli.sizes import parse_size
from neumap.errors import Fault, OptionError


def run(options: BenchmarkOptions) -> int:
    """List the benchmarks, or run one and print its table."""
    if options.list_all:
        return _list(options)
    name, data, out = _required(options)
    recipe = find_recipe(name)
    budgets = tuple(parse_size(text, option="--budgets") for text in options.budgets)
    plan = BenchmarkPlan(
        recipe=recipe,
        root=data,
        out=out,
        budgets=budgets or recipe.budgets,
        every=options.every,
        folds=options.folds,
        num_seeds=options.seeds,
        has_pictures=not options.no_pictures,
    )
    methods = choose_methods(options.methods, recipe)
    with progress_bars(quiet=options.quiet) as progress:
        has_lines = not options.quiet and not sys.stderr.isatty()  # a terminal has the bars
        watch = Watch(progress=progress, tell=_tell) if has_lines else Watch(progress=progress)
        results = run_benchmark(
            plan, methods, command=_command(options), watch=watch, scene_done=_warn_of
        )
    _print(options, results)
    return exit_codes.FAILED if _has_no_pose(results) else exit_codes.OK


def _required(options: BenchmarkOptions) -> tuple[str, Path, Path]:
    """Return name, data and results folder; OptionError lists what is missing."""
    if options.name is not None and options.data is not None and options.out is not None:
        return options.name, options.data, options.out
    given = {"NAME": options.name, "--data": options.data, "--out": options.out}
    remedy = "Write `neumap benchmark NAME --data ROOT --out DIR`, or --list for the names."
    raise OptionError.from_faults(
        [Fault(option, "is missing", remedy) for option, value in given.items() if value is None]
    )


def _command(options: BenchmarkOptions) -> str:
    """Return the command without the places of the user's folders."""
    parts = ["neumap", "benchmark", str(options.name), "--data", "ROOT", "--out", "DIR"]
    parts += ["--methods", *options.methods]
    if options.budgets:
        parts += ["--budgets", *options.budgets]
    if options.every != 1:
        parts += ["--every", str(options.every)]
    if options.folds:
        parts += ["--folds", *(str(fold) for fold in options.folds)]
    if options.seeds != 1:
        parts += ["--seeds", str(options.seeds)]
    if options.no_pictures:
        parts.append("--no-pictures")
    return shlex.join(parts)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _warn_of(facts: SceneFacts) -> None:
    warn([f"{facts.scene}: {sentence}" for sentence in facts.warnings])


def _list(options: BenchmarkOptions) -> int:
    recipes = [make() for make in RECIPES.values()]
    if options.as_json:
        print_json({"benchmarks": [_recipe_json(recipe) for recipe in recipes]})
    else:
        print_recipes(recipes)
    return exit_codes.OK


def _recipe_json(recipe: Recipe) -> dict[str, object]:
    return {
        "name": recipe.name,
        "title": recipe.title,
        "layout": recipe.layout,
        "scenes": [scene.name for scene in recipe.scenes],
        "split": recipe.split_sentence,
        "is_scored": recipe.is_scored,
        "budgets_bytes": list(recipe.budgets),
        "thresholds": [list(threshold) for threshold in recipe.thresholds],
        "mapping": recipe.mapping.model_dump(mode="json"),
        "paper": None if recipe.paper is None else asdict(recipe.paper),
        "page": recipe.page,
    }


def _print(options: BenchmarkOptions, results: BenchmarkResults) -> None:
    if options.as_json:
        print_json(results.to_json())
        return
    print_results(results)
    num_reused = sum(run.is_reused for run in results.runs)
    if num_reused:
        print(f"{num_reused} of {len(results.runs)} runs were whole on disk and not run again")
    print(f"results: {results.plan.out / RESULTS_FILE}")
    if results.rows:
        print(f"report: {results.plan.out / REPORT_FILE}")


def _has_no_pose(results: BenchmarkResults) -> bool:
    """Tell whether not one query of any method has a pose."""
    scored = [(row.summary.num_failed, row.summary.num_queries) for row in results.rows]
    submitted = [(row.num_failed, row.num_queries) for row in results.submitted]
    return all(num_failed == num_queries for num_failed, num_queries in [*scored, *submitted])
