"""Benchmarks and their results as printed tables."""

import math
from collections.abc import Sequence

from rich.table import Table

from neumap.benchmark.recipe import Recipe
from neumap.benchmark.results import BenchmarkResults
from neumap.cli.console import print_wide_table
from neumap.evaluation import Summary
from neumap.evaluation.behind_words import behind_sentences
from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.equal_bytes import main_recall

_HEADINGS = ("bytes", "map, s", "query, ms", "no pose", "median", "rotation", "within")


def print_recipes(recipes: Sequence[Recipe]) -> None:
    """Print name, scenes, split, settings and page of each benchmark."""
    for recipe in recipes:
        print(f"{recipe.name}: {recipe.title}")
        print(f"  scenes: {recipe.scene_names}")
        print(f"  split:  {recipe.split_sentence}")
        if not recipe.is_scored:
            print("  scores: by a server that keeps the poses; files for it are written")
        print(f"  neumap: {recipe.own_sentence}")
        if recipe.paper is not None:
            print(f"  paper:  {recipe.paper.sentence}")
        if recipe.page is not None:
            print(f"  page:   {recipe.page}")


def print_results(results: BenchmarkResults) -> None:
    """Print all rows, those over all scenes, and where neumap's is not the best."""
    recipe = results.plan.recipe
    if results.rows:
        table = _table(recipe.title, ("scene", "method"), _HEADINGS)
        pooled = () if results.overall is None else results.overall.rows
        for row in (*results.rows, *pooled):
            table.add_row(row.scene, _method(row.method, row.budget_bytes), *_figures(row))
        print_wide_table(table)
        print(f"within: {_within(recipe)}")
        for sentence in behind_sentences(results.rows):
            print(sentence)
    if results.submitted:
        table = _table(recipe.title, ("scene", "method"), ("bytes", "map, s", "no pose", "file"))
        for row in results.submitted:
            name, cost = row.run.name, row.run.cost
            table.add_row(
                name.scene,
                _method(name.method, name.budget_bytes),
                f"{cost.map_bytes:,}",
                f"{cost.mapping_seconds:.1f}",
                f"{row.num_failed} of {row.num_queries}",
                "none" if row.submission is None else row.submission.name,
            )
        print_wide_table(table)


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right", overflow="fold")
    return table


def _method(name: str, budget_bytes: int | None) -> str:
    return name if budget_bytes is None else f"{name} {_size(budget_bytes)}"


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1000:g} kB"


def _figures(row: BenchmarkRow) -> tuple[str, ...]:
    summary, query_ms = row.summary, row.summary.query_ms_median
    position, rotation = summary.position_percentiles[50], summary.rotation_percentiles_deg[50]
    return (
        f"{row.map_bytes:,}",
        f"{row.mapping_seconds:.1f}",
        "" if query_ms is None else f"{query_ms:.0f}",
        f"{summary.num_failed} of {summary.num_queries}",
        _position(position, summary),
        "failed" if math.isinf(rotation) else f"{rotation:.2f} deg",
        f"{_main_recall(row):.1%}",
    )


def _position(error: float, summary: Summary) -> str:
    if math.isinf(error):
        return "failed"
    if summary.units == "metre":
        return f"{100 * error:.3g} cm"
    relative = summary.relative(error)
    return f"{error:.3g} units" if relative is None else f"{100 * relative:.3g} % of depth"


def _main_recall(row: BenchmarkRow) -> float:
    """Share within the data set's main threshold, or the middle one of sets without a unit."""
    if row.summary.units == "metre":
        return main_recall(row).share
    return row.summary.recalls[len(row.summary.recalls) // 2].share


def _within(recipe: Recipe) -> str:
    metres, rotation_deg = recipe.thresholds[0]
    rotation = "" if rotation_deg is None else f" and {rotation_deg:g} deg"
    return f"{metres:g} m{rotation}; 2 % of the depth and 5 deg where the unit is not known"
