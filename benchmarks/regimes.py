"""neumap's maps beside the yardstick and full precision where plain matching breaks.

Regimes: the sets as they are, night-like queries, wide baselines, and one merged world. Every
query is scored; a failure is no pose, or a position error above five times the median of the
full-precision map of that set as it is.

    python -m benchmarks.regimes --data ../shared/data --out benchmarks/results/regimes.json
    python -m benchmarks.regimes --data ../shared/data --out /tmp/dev.json --dev --decoder FILE

With `--dev` only sets and frames are read that settings may be chosen on.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import tyro

from benchmarks.merged_runs import run_merged
from benchmarks.methods import MapMaker, read_decoder
from benchmarks.night import NIGHT_LEVELS
from benchmarks.photo_describer import PhotoDescriber
from benchmarks.regime_results import RegimeResults
from benchmarks.regime_runs import FoldMaps, RegimeName, Selection, run_set
from benchmarks.sets import DEV_SETS, MADE, TEST_SETS, BenchSet, read_made_scenes, read_set
from neumap.baselines.yardstick_space import read_space


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
    """Run only so many folds of each set (made scenes are its folds) and regime."""
    add: tuple[Path, ...] = ()
    """Files of earlier runs whose rows are taken over, so that parts can run side by side."""


def read_sets(options: Options, query_step: int) -> list[BenchSet]:
    """The sets that the options name; SystemExit says what cannot be read."""
    known = DEV_SETS if options.dev else TEST_SETS
    if options.dev and options.made is not None:
        known = (*known, MADE)
    names = options.sets or known
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"--sets {unknown[0]}: here only {', '.join(known)} are read")
    sets: list[BenchSet] = []
    for name in names:
        if name == MADE and options.made is not None:
            sets.append(read_made_scenes(options.made))
        else:
            sets.append(read_set(options.data / name, query_step, is_dev=options.dev))
    return sets


def facts_of(options: Options, query_step: int, decoder_hash: str) -> dict[str, object]:
    """What the file says of the run."""
    return {
        "command": "python -m benchmarks.regimes --data DATA --out OUT"
        + (" --dev" if options.dev else "")
        + f" --seeds {options.seeds} --max-folds {options.max_folds} --query-step {query_step}",
        "neumap": version("neumap"),
        "torch": version("torch"),
        "machine": platform.machine(),
        "decoder": decoder_hash,
        "seeds": options.seeds,
        "redkitchen_query_step": query_step,
        "max_folds": options.max_folds,
    }


def main(options: Options) -> None:
    """Run all sets and then the merged world; write the file after each."""
    query_step = options.query_step or (4 if options.dev else 5)
    decoder, decoder_hash = read_decoder(options.decoder)
    maker = MapMaker(
        decoder=decoder,
        decoder_hash=decoder_hash,
        is_shipped=options.decoder is None,
        space=read_space(),
        budgets=options.budgets,
        num_seeds=options.seeds,
    )
    describer = PhotoDescriber(options.cache)
    selection = Selection(options.regimes, options.severities, options.max_folds)
    results = RegimeResults.read(options.add)
    facts = facts_of(options, query_step, decoder_hash)
    maps: list[FoldMaps] = []
    for bench in read_sets(options, query_step):
        rows, median, own_maps = run_set(bench, maker, describer, selection)
        maps += own_maps if bench.name != MADE else []  # merged worlds hold rendered places anyway
        results.add(bench.name, rows, full_precision_median=median)
        results.write(options.out, facts)
        print(f"{bench.name} done", flush=True)
    if "merged" in options.regimes:
        for set_name, rows in run_merged(maps, maker, describer).items():
            results.add(set_name, {"merged": rows})
        results.write(options.out, facts)
    results.print()


if __name__ == "__main__":
    main(tyro.cli(Options))
