"""Accuracy at equal bytes on real sets: neumap's maps beside the two baselines.

Same scene points, key-points, guided passes and solver for all rows; folds pooled, so that each
frame of a small set is a query once; a failed query is a miss (infinite error).

    python -m benchmarks.accuracy --data ../shared/data --out benchmarks/results/accuracy.json
"""

import json
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tyro

from benchmarks.baselines import NearestReader, full_precision, yardstick
from benchmarks.yardstick_space import read_space
from neumap.codes.code_space import CodeSpace
from neumap.evaluation.pose_error import position_error, rotation_error_deg
from neumap.features import LocalFeatures
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage, read_images
from neumap.localizer import Localizer, LocalizerConfig, SceneReader
from neumap.mapping import Source, map_of_scene
from neumap.pose import PoseFailure
from neumap.scene.build_scene import Describe, build_scene

BUDGETS = (28_000, 14_000, 4_200)
SMALL_SETS = ("fox", "strecha_Herz-Jesus-P25", "strecha_fountain-P11", "shelf50", "lund_door")
NUM_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    data: Path
    """Folder of the sets."""
    out: Path
    """JSON file to write."""
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    sets: tuple[str, ...] = ("redkitchen", *SMALL_SETS)
    add: tuple[Path, ...] = ()
    """Files of earlier runs whose sets are taken over, so that sets can run side by side."""
    only: str = ""
    """Run only the rows whose name contains this, and add them to the sets of `add`."""
    query_step: int = 1
    """Take every n-th query of redkitchen; 1 for the committed table."""


@dataclass
class Row:
    """All queries of one method on one set."""

    map_bytes: list[int] = field(default_factory=list[int])
    position_error: list[float] = field(default_factory=list[float])
    rotation_error_deg: list[float] = field(default_factory=list[float])
    num_inliers: list[int] = field(default_factory=list[int])
    inlier_ratio: list[float] = field(default_factory=list[float])
    query_ms: list[float] = field(default_factory=list[float])

    def summary(self) -> dict[str, object]:
        """Medians, percentiles and counts over all queries; null for infinite."""
        position, rotation = np.array(self.position_error), np.array(self.rotation_error_deg)
        percentiles = np.percentile(position, [50, 75, 90], method="higher")
        within = (position <= 0.05) & (rotation <= 5.0)
        return {
            "map_bytes": int(np.median(self.map_bytes)),
            "num_queries": len(position),
            "num_failed": int(np.isinf(position).sum()),
            "median_position_error": _finite(percentiles[0]),
            "p75_position_error": _finite(percentiles[1]),
            "p90_position_error": _finite(percentiles[2]),
            "median_rotation_error_deg": _finite(
                float(np.percentile(rotation, 50, method="higher"))
            ),
            "within_5cm_5deg": round(float(within.mean()), 4),
            "num_inliers_median": int(np.median(self.num_inliers)),
            "inlier_ratio_median": round(float(np.median(self.inlier_ratio)), 3),
            "match_and_solve_ms_median": round(float(np.median(self.query_ms)), 1),
        }


def _finite(value: float) -> float | None:
    return round(float(value), 5) if np.isfinite(value) else None


def folds_of(
    name: str, images: tuple[PosedImage, ...], query_step: int
) -> Iterator[tuple[tuple[PosedImage, ...], tuple[PosedImage, ...]]]:
    """Mapping and query images: 700/300 in order for redkitchen, else five folds."""
    if name == "redkitchen":
        yield images[:700], images[700::query_step]
        return
    for fold in range(NUM_FOLDS):
        mapped = tuple(image for i, image in enumerate(images) if i % NUM_FOLDS != fold)
        yield mapped, images[fold::NUM_FOLDS]


def run_queries(
    row: Row,
    reader: SceneReader,
    queries: list[tuple[PosedImage, LocalFeatures]],
    config: LocalizerConfig,
) -> None:
    """Localise every query and add it to the row."""
    localizer = Localizer(XFeatExtractor(), reader, config=config)
    for image, features in queries:
        start = time.perf_counter()
        size = (image.camera.width, image.camera.height)
        result = localizer.localize_features(features, size=size, camera=image.camera)
        row.query_ms.append(1000 * (time.perf_counter() - start))
        assert image.cam_from_world is not None  # the sets have a pose for every frame
        if isinstance(result, PoseFailure):
            row.position_error.append(np.inf)
            row.rotation_error_deg.append(np.inf)
            row.num_inliers.append(0)
            row.inlier_ratio.append(0.0)
            continue
        row.position_error.append(position_error(result.cam_from_world, image.cam_from_world))
        row.rotation_error_deg.append(
            rotation_error_deg(result.cam_from_world, image.cam_from_world)
        )
        row.num_inliers.append(result.num_inliers)
        row.inlier_ratio.append(result.inlier_ratio)


def run_set(
    name: str, options: Options, describe: Describe, space: CodeSpace
) -> dict[str, dict[str, object]]:
    """All methods on all folds of one set."""
    image_set = read_images(options.data / name)
    rows: dict[str, Row] = {}
    for mapped, query_images in folds_of(name, image_set.images, options.query_step):
        scene = build_scene(mapped, describe, units=image_set.units)
        queries = [(image, describe(image)) for image in query_images]
        full = full_precision(scene)
        # The least share of inliers was set for the decoder, whose wrong matches support each
        # other; plain nearest neighbours have many more wrong ones and are not held to it.
        free = LocalizerConfig(min_inlier_ratio=0.0)
        methods: list[tuple[str, SceneReader, int, LocalizerConfig]] = [
            ("full precision", full, full.num_bytes, free),
        ]
        for budget in BUDGETS:
            base: NearestReader = yardstick(scene, space, num_bytes=budget)
            methods.append((f"yardstick {budget / 1000:g} kB", base, base.num_bytes, free))
            source = Source(layout=image_set.layout, num_images=len(mapped), seed=0)
            own = map_of_scene(scene, source, budget_bytes=budget)
            num_bytes = sum(own.bytes_by_part().values())
            label = f"neumap {budget / 1000:g} kB"
            methods.append((label, own.reader, num_bytes, LocalizerConfig()))
            if name == "redkitchen":  # the one set where the least share refuses poses
                methods.append((f"{label}, no least share", own.reader, num_bytes, free))
        for label, reader, num_bytes, config in methods:
            if options.only not in label:
                continue
            row = rows.setdefault(label, Row())
            row.map_bytes.append(num_bytes)
            run_queries(row, reader, queries, config)
    return {label: row.summary() for label, row in rows.items()}


def geometric_ratio(results: dict[str, dict[str, dict[str, object]]], budget: str) -> float | None:
    """Geometric mean over sets of our 75th percentile over the yardstick's."""
    ratios: list[float] = []
    for rows in results.values():
        own = rows[f"neumap {budget}"]["p75_position_error"]
        base = rows[f"yardstick {budget}"]["p75_position_error"]
        if not isinstance(own, float) or not isinstance(base, float):
            return None  # a quarter of the queries failed: no finite percentile to compare
        ratios.append(own / base)
    return round(float(np.exp(np.mean(np.log(ratios)))), 4)


def main(options: Options) -> None:
    """Run all sets and write the table after each."""
    describe = FeatureCache(options.cache, XFeatExtractor()).describe
    space = read_space()
    results: dict[str, dict[str, dict[str, object]]] = {}
    for path in options.add:
        results.update(json.loads(path.read_text())["sets"])
    for name in options.sets:
        if name not in results or options.only:
            results[name] = {**results.get(name, {}), **run_set(name, options, describe, space)}
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
