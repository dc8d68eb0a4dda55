"""Accuracy at equal bytes on real sets: neumap's maps beside the two baselines.

Same photos, guided passes and solver for all rows; the baselines stand there with XFeat's own
key-points, as they are fixed, and with those of neumap. Folds are pooled, so that each frame of a
small set is a query once; a failed query is a miss (infinite error).

    python -m benchmarks.accuracy --data ../shared/data --out benchmarks/results/accuracy.json
"""

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tyro

from benchmarks.methods import (
    OWN,
    SUFFIXES,
    YARDSTICK,
    Method,
    Scenes,
    full_method,
    label_of,
    yardstick_methods,
)
from benchmarks.photo_describer import PhotoDescriber
from benchmarks.rows import Row
from benchmarks.sets import TEST_SETS, folds_of
from neumap.baselines.yardstick_space import read_space
from neumap.codes.code_space import CodeSpace
from neumap.images import read_images
from neumap.mapping import Source, map_of_scene

BUDGETS = (28_000, 14_000, 4_200)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    data: Path
    """Folder of the sets."""
    out: Path
    """JSON file to write."""
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    sets: tuple[str, ...] = TEST_SETS
    add: tuple[Path, ...] = ()
    """Files of earlier runs whose sets are taken over, so that sets can run side by side."""
    only: str = ""
    """Run only the rows whose name contains this, and add them to the sets of `add`."""
    query_step: int = 1
    """Take every n-th query of redkitchen; 1 for the committed table."""


def run_set(
    name: str, options: Options, describer: PhotoDescriber, space: CodeSpace
) -> dict[str, dict[str, object]]:
    """All methods on all folds of one set."""
    image_set = read_images(options.data / name)
    rows: dict[str, Row] = {}
    for fold in folds_of(name, image_set.images, options.query_step):
        scenes = describer.scenes(fold, units=image_set.units)
        queries = describer.queries(fold.queries)
        source = Source(layout=image_set.layout, num_images=len(fold.mapped), seed=0)
        for method in _methods(scenes, source, space):
            if options.only not in method.label:
                continue
            row = rows.setdefault(method.label, Row())
            row.map_bytes.append(method.num_bytes)
            row.add_queries(method.reader, queries[method.detector])
    return {label: row.summary() for label, row in rows.items()}


def _methods(scenes: Scenes, source: Source, space: CodeSpace) -> Iterator[Method]:
    """Both baselines with XFeat's key-points and with neumap's, and neumap's maps."""
    for detector in SUFFIXES:
        yield full_method(scenes, detector)
    for budget in BUDGETS:
        yield from yardstick_methods(scenes, space, budget)
    for budget in BUDGETS:
        own = map_of_scene(scenes["blobs"], source, budget_bytes=budget)
        yield Method(
            label=label_of(OWN, budget),
            reader=own.reader,
            num_bytes=sum(own.bytes_by_part().values()),
            detector="blobs",
        )


def geometric_ratio(results: dict[str, dict[str, dict[str, object]]], budget: str) -> float | None:
    """Geometric mean over sets of our 75th percentile over the yardstick's."""
    ratios: list[float] = []
    for rows in results.values():
        own = rows[f"{OWN} {budget}"]["p75_position_error"]
        base = rows[f"{YARDSTICK} {budget}"]["p75_position_error"]
        if not isinstance(own, float) or not isinstance(base, float):
            return None  # a quarter of the queries failed: no finite percentile to compare
        ratios.append(own / base)
    return round(float(np.exp(np.mean(np.log(ratios)))), 4)


def main(options: Options) -> None:
    """Run all sets and write the table after each."""
    describer = PhotoDescriber(options.cache)
    space = read_space()
    results: dict[str, dict[str, dict[str, object]]] = {}
    for path in options.add:
        results.update(json.loads(path.read_text())["sets"])
    for name in options.sets:
        if name not in results or options.only:
            results[name] = {**results.get(name, {}), **run_set(name, options, describer, space)}
        content = {
            "command": "python -m benchmarks.accuracy --data DATA --out OUT",
            "neumap": version("neumap"),
            "torch": version("torch"),
            "machine": platform.machine(),
            "redkitchen_query_step": options.query_step,
            "p75_over_yardstick": {
                f"{b / 1000:g} kB": geometric_ratio(results, f"{b / 1000:g} kB") for b in BUDGETS
            },
            "sets": results,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(content, indent=1) + "\n")
        print(name)
        for label, row in results[name].items():
            print(f"  {label:26s}", row)


if __name__ == "__main__":
    main(tyro.cli(Options))
