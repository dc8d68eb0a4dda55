"""neumap's maps beside the yardstick and full precision where plain matching breaks.

Regimes: the sets as they are, night-like queries, wide baselines, and one merged world. Every
query is scored; a failure is no pose, or a position error above five times the median of the
full-precision map of that set as it is.

    python -m benchmarks.regimes --data ../shared/data --out benchmarks/results/regimes.json
    python -m benchmarks.regimes --data ../shared/data --out /tmp/dev.json --dev --decoder FILE

With `--dev` only sets and frames are read that settings may be chosen on.
"""

import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import tyro

from benchmarks.merged_runs import run_merged
from benchmarks.methods import MapMaker, read_decoder
from benchmarks.night import NIGHT_LEVELS
from benchmarks.regime_runs import (
    FoldMaps,
    PhotoDescriber,
    RegimeName,
    Rows,
    Selection,
    run_set,
)
from benchmarks.regime_targets import target_lines
from benchmarks.sets import DEV_SETS, TEST_SETS, BenchSet, read_made_scenes, read_set
from benchmarks.yardstick_space import read_space

FAILURE_FACTOR = 5.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    data: Path
    """Folder of the sets."""
    out: Path
    """JSON file to write."""
    cache: Path = Path("runs/features")
    """Folder of described photos and of the rendered distractor scenes."""
    dev: bool = False
    """Run only what settings may be chosen on: shelf50, lund_door, redkitchen's frames 0-499
    against 500-699, and the made scenes."""
    made: Path | None = None
    """With --dev: folder of captures of make_training_scenes, pooled as one more set."""
    sets: tuple[str, ...] = ()
    """Sets to run; none means all of them."""
    regimes: tuple[RegimeName, ...] = ("easy", "night", "wide", "merged")
    severities: tuple[int, ...] = tuple(NIGHT_LEVELS)
    """Levels of night."""
    budgets: tuple[int, ...] = (2_000, 4_200, 14_000, 28_000)
    """Bytes of the maps."""
    seeds: int = 1
    """Map with so many seeds; neumap's rows pool them and state the spread."""
    decoder: Path | None = None
    """Weights to use in place of the shipped ones."""
    query_step: int | None = None
    """Take every n-th query of redkitchen; 5, with --dev 4, if not given."""
    max_folds: int = 5
    """Run only so many folds of each set, and of each regime."""
    add: tuple[Path, ...] = ()
    """Files of earlier runs whose rows are taken over, so that parts can run side by side."""


def read_sets(options: Options, query_step: int) -> list[BenchSet]:
    """The sets that the options name."""
    names = options.sets or (DEV_SETS if options.dev else TEST_SETS)
    if options.dev and not set(names) <= {*DEV_SETS, "made"}:
        raise SystemExit(f"--dev reads only {', '.join(DEV_SETS)} and made scenes")
    sets = [
        read_set(options.data / name, query_step=query_step, is_dev=options.dev)
        for name in names
        if name != "made"
    ]
    if options.dev and options.made is not None and (not options.sets or "made" in names):
        sets.append(read_made_scenes(options.made))
    return sets


@dataclass
class Results:
    """Summaries by regime, set and row, and each set's full-precision median."""

    regimes: dict[str, dict[str, dict[str, dict[str, object]]]]
    full_precision_median: dict[str, float]

    @classmethod
    def read(cls, paths: tuple[Path, ...]) -> "Results":
        """Join the rows of earlier runs."""
        results = cls({}, {})
        for path in paths:
            content = json.loads(path.read_text(encoding="utf-8"))
            results.full_precision_median.update(content["full_precision_median"])
            for regime, sets in content["regimes"].items():
                results.regimes.setdefault(regime, {}).update(sets)
        return results

    def add(self, set_name: str, rows: dict[str, Rows], median: float) -> None:
        """Summarise one set's rows."""
        self.full_precision_median[set_name] = median
        for regime, by_label in rows.items():
            self.regimes.setdefault(regime, {})[set_name] = {
                label: {**row.summary(), **row.failures(FAILURE_FACTOR * median)}
                for label, row in by_label.items()
            }

    def write(self, options: Options, query_step: int, decoder_hash: str) -> None:
        """Write everything that is known so far."""
        content = {
            "command": "python -m benchmarks.regimes --data DATA --out OUT"
            + (" --dev" if options.dev else ""),
            "neumap": version("neumap"),
            "torch": version("torch"),
            "machine": platform.machine(),
            "decoder": decoder_hash,
            "seeds": options.seeds,
            "redkitchen_query_step": query_step,
            "max_folds": options.max_folds,
            "failure": f"no pose, or above {FAILURE_FACTOR:g} times full_precision_median",
            "full_precision_median": self.full_precision_median,
            "targets": target_lines(self.regimes),
            "regimes": self.regimes,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main(options: Options) -> None:
    """Run all sets and then the merged world; write the file after each."""
    query_step = options.query_step or (4 if options.dev else 5)
    decoder, decoder_hash = read_decoder(options.decoder)
    maker = MapMaker(
        decoder=decoder,
        decoder_hash=decoder_hash,
        space=read_space(),
        budgets=options.budgets,
        num_seeds=options.seeds,
    )
    describer = PhotoDescriber(options.cache)
    selection = Selection(options.regimes, options.severities, options.max_folds)
    results = Results.read(options.add)
    maps: list[FoldMaps] = []
    for bench in read_sets(options, query_step):
        rows, median, own_maps = run_set(bench, maker, describer, selection)
        maps += own_maps
        results.add(bench.name, rows, median)
        results.write(options, query_step, decoder_hash)
        print(f"{bench.name} done", flush=True)
    if "merged" in options.regimes:
        for set_name, rows in run_merged(maps, maker, describer).items():
            median = results.full_precision_median[set_name]
            results.add(set_name, {"merged": rows}, median)
        results.write(options, query_step, decoder_hash)
    print_table(results)


def print_table(results: Results) -> None:
    """Print the rows and the targets."""
    for regime, sets in results.regimes.items():
        for set_name, rows in sets.items():
            print(f"\n{regime}, {set_name}")
            for label, row in rows.items():
                print(
                    f"  {label:20s} {row['map_bytes']:>9} B  median {row['median_position_error']}"
                    f"  p75 {row['p75_position_error']}  p90 {row['p90_position_error']}"
                    f"  failures {row['num_failures']} of {row['num_queries']}"
                    f" ({row['num_failed']} without pose)  inliers {row['num_inliers_median']}"
                    f"  first {row['first_right_mean']} = {row['first_ratio_mean']}"
                )
    print()
    for line in target_lines(results.regimes):
        print(line)


if __name__ == "__main__":
    main(tyro.cli(Options))
