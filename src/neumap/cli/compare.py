"""`neumap compare`: two sides of an experiment over the same queries."""

import math
from pathlib import Path

from rich.table import Table

from neumap.cli import exit_codes
from neumap.cli.console import print_json, print_wide_table
from neumap.cli.evaluation_options import CompareOptions
from neumap.errors import OptionError
from neumap.evaluation.bootstrap import Interval, Resampling
from neumap.evaluation.comparison import Comparison, compare
from neumap.evaluation.figures_file import read_figures
from neumap.evaluation.paired_runs import pair_runs


def run(options: CompareOptions) -> int:
    """Read the figures of both sides, match their queries and print the differences."""
    if options.resamples < 100:
        raise OptionError(
            "--resamples", f"{options.resamples} gives no interval", "Ask for at least 100."
        )
    side_a = [read_figures(path) for path in _runs(options.a, options.also_a)]
    side_b = [read_figures(path) for path in _runs(options.b, options.also_b)]
    resampling = Resampling(num_resamples=options.resamples, seed=options.seed)
    comparison = compare(pair_runs(side_a, side_b), resampling)
    if options.as_json:
        files = {
            "a": [str(path) for path in (options.a, *options.also_a)],
            "b": [str(path) for path in (options.b, *options.also_b)],
        }
        bytes_of_maps = {
            "a": [summary.map_bytes for summary in side_a],
            "b": [summary.map_bytes for summary in side_b],
        }
        print_json({"files": files, "map_bytes": bytes_of_maps, **comparison.to_json()})
    else:
        _print_text(comparison)
    return exit_codes.OK


def _runs(first: Path, others: tuple[Path, ...]) -> tuple[Path, ...]:
    """Files of one side; one file counted twice would make the intervals too narrow."""
    paths = (first, *others)
    twice = [p for i, p in enumerate(paths) if p.resolve() in {q.resolve() for q in paths[:i]}]
    if twice:
        raise OptionError(str(twice[0]), "is given twice on one side", "Name each run once.")
    return paths


def _print_text(comparison: Comparison) -> None:
    (runs_a, runs_b), (failed_a, failed_b) = comparison.num_runs, comparison.num_failed
    percent = f"{comparison.resampling.confidence:.0%}"
    print(
        f"{comparison.num_queries} queries; runs of A: {runs_a}, of B: {runs_b}; "
        f"positions in unit: {comparison.position_unit}\n"
        f"failures: A {failed_a} of {comparison.num_queries * runs_a}, "
        f"B {failed_b} of {comparison.num_queries * runs_b}; queries that fail more often: "
        f"in A {comparison.num_fails_more[0]}, in B {comparison.num_fails_more[1]}\n"
        f"queries with the smaller position error: A {comparison.num_better[0]}, "
        f"B {comparison.num_better[1]}"
    )
    table = Table(title=None)
    table.add_column("figure", overflow="fold")
    for heading in ("A", "B", f"B - A [{percent}]", f"B / A [{percent}]"):
        table.add_column(heading, justify="right")
    for figure in comparison.figures:
        mark = " *" if figure.difference.is_decided else "  "
        table.add_row(
            figure.name,
            _number(figure.a),
            _number(figure.b),
            _interval(figure.difference, sign="+") + mark,
            "" if figure.ratio is None else _interval(figure.ratio),
        )
    print_wide_table(table)
    resampling = comparison.resampling
    seeds = "queries and runs" if max(runs_a, runs_b) > 1 else "queries (one run a side)"
    print(
        f"* the interval leaves zero out. Paired bootstrap over {seeds}, "
        f"{resampling.num_resamples} resamples, seed {resampling.seed}. "
        "A failed query is an infinite error and a miss."
    )


def _interval(interval: Interval, *, sign: str = "") -> str:
    value, low, high = (
        _number(number, sign=sign) for number in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]"


def _number(value: float, *, sign: str = "") -> str:
    if math.isnan(value):
        return "undefined"
    return f"{value:{sign}.4g}"
