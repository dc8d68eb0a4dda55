"""Time and memory of mapping from files and of queries from decoded photos, each in a process.

python -m benchmarks.speed --data ../shared/data --out benchmarks/results/speed.json
"""

import itertools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np
import tyro
from jaxtyping import UInt8

from neumap import Map, PoseEstimate, Split, map_scene, read_images
from neumap.geometry import Camera
from neumap.images import ImageSet, load_photo
from neumap.localizer import Localizer, LocalizerConfig, Quality

BUDGET_BYTES = 28_000


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time."""

    data: Path
    """Folder of the sets."""
    out: Path
    """JSON file to write."""
    sets: tuple[str, ...] = ("fox", "redkitchen")
    child: bool = False
    """Time the first set in this process and print JSON (used by the parent)."""


def split_of(image_set: ImageSet, name: str) -> Split:
    """The benchmark's split: 700/300 in order for redkitchen, else every fifth a query."""
    names = tuple(image.name for image in image_set.images)
    if name == "redkitchen":
        return Split(names[:700], names[700:])
    return Split.every_nth(names)


def time_set(folder: Path, *, max_queries: int = 60) -> dict[str, object]:
    """Map one set from its files, then localise decoded photos after three warm-up queries."""
    start = time.perf_counter()
    image_set = read_images(folder)
    split = split_of(image_set, folder.name)
    # reading is timed again inside, from a set that was read already
    scene_map = map_scene(image_set, split_names=split.map_names, budget_bytes=BUDGET_BYTES)
    mapping_seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "scene.neumap"
        scene_map.save(path)
        loaded = Map.load(path)
        map_bytes = path.stat().st_size
    queries = split.apply(image_set)[1]
    queries = queries[:: max(1, len(queries) // max_queries)]
    photos = [(load_photo(image.path), image.camera) for image in queries]
    qualities = {
        name: time_queries(loaded.localizer_with(LocalizerConfig.of_quality(name)), photos)
        for name in get_args(Quality)
    }
    return {
        "num_mapped": len(split.map_names),
        "map_bytes": map_bytes,
        "mapping_seconds": round(mapping_seconds, 1),
        "mapping_stage_seconds": {k: round(v, 1) for k, v in scene_map.stage_seconds.items()},
        "num_queries": len(photos),
        **qualities["full"],
        "lower_quality": {name: row for name, row in qualities.items() if name != "full"},
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def time_queries(
    localizer: Localizer, photos: list[tuple[UInt8[np.ndarray, "height width 3"], Camera]]
) -> dict[str, object]:
    """Localise decoded photos, the first three of them once before for warming up."""
    for rgb, camera in photos[:3]:
        localizer.localize(rgb, camera=camera)
    total_ms: list[float] = []
    stage_ms: dict[str, list[float]] = {}
    num_localised = 0
    for rgb, camera in photos:
        start = time.perf_counter()
        result = localizer.localize(rgb, camera=camera)
        total_ms.append(1000 * (time.perf_counter() - start))
        num_localised += isinstance(result, PoseEstimate)
        for stage, spent in result.timings_ms.items():
            stage_ms.setdefault(stage, []).append(spent)
    return {
        "num_localised": num_localised,
        "query_ms_median": round(float(np.median(total_ms)), 1),
        "query_ms_p95": round(float(np.percentile(total_ms, 95)), 1),
        "query_stage_ms_median": {k: round(float(np.median(v)), 1) for k, v in stage_ms.items()},
    }


def main(options: Options) -> None:
    """Time each set in fresh processes, so that peak memory is its own: with one thread and with
    one for each core, which may wait for one another on a machine that others use too."""
    if options.child:
        print(json.dumps(time_set(options.data / options.sets[0])))
        return
    results: dict[str, object] = {}
    counts = sorted({1, os.cpu_count() or 1})
    for name, num_threads in itertools.product(options.sets, counts):
        command = [sys.executable, "-m", "benchmarks.speed", "--data", str(options.data)]
        command += ["--out", str(options.out), "--sets", name, "--child"]
        environment = {**os.environ, "OMP_NUM_THREADS": str(num_threads)}
        answer = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment
        )
        label = f"{name}, {num_threads} thread{'s' if num_threads > 1 else ''}"
        results[label] = json.loads(answer.stdout.splitlines()[-1])
        print(label, json.dumps(results[label], indent=1))
    content = {
        "command": "python -m benchmarks.speed --data DATA --out OUT",
        "neumap": version("neumap"),
        "torch": version("torch"),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "sets": results,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
