"""A rendered town of hundreds of voxels: queries by day and night, and the voxels they show.

The town is rendered first where the folder does not hold it yet; few photos show part of it.

    python -m benchmarks.town --folder runs/town --out benchmarks/results/town.json
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from benchmarks.town_voxels import CodeTable, Query, RetrievedVoxels, activation
from neumap.baselines.nearest import yardstick
from neumap.baselines.yardstick_space import read_space
from neumap.errors import NeumapError
from neumap.evaluation import Prediction, QueryScore, Summary, score, summarise
from neumap.evaluation.recall import recall_share
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage, Split, read_images
from neumap.localizer import Localizer, SceneReader
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.rendering.make_town import main as make_town
from neumap.retrieval import VladDescriptor
from neumap.scene.build_scene import Describe, build_scene
from neumap.scene.scene import Scene
from neumap.scene.visibility import VoxelVisibility
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.scene_readers import AnchoredReader

PASSES = ("day", "night")
RECALLS = ((0.25, 2.0), (0.5, 5.0), (5.0, 10.0))
"""Thresholds of visuallocalization.net: metres, degrees."""
_WRONG_M = 5.0  # a pose further off than this is wrong


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    folder: Path
    """Folder of the town; rendered where it is not complete."""
    out: Path
    """JSON file to write."""
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    num_photos: int = 3440
    """Photos of all passes, to map and to query."""
    blocks: str = "5x4"
    """Blocks of houses of the town."""
    every: int = 1
    """Localise every n-th query."""
    voxel_side: float = 8.0
    """Edge of a voxel in metres."""
    budget: int = 256_000
    """Bytes of the map, and of the yardstick beside it."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedTown:
    """The map, the points it was made of, and the queries."""

    scene: Scene
    grid: VoxelGrid
    built: Map
    queries: dict[str, list[Query]]
    """By pass."""
    describe: Describe


def run(options: Options) -> dict[str, object]:
    """Map the town, localise the queries of both passes with both maps; return the figures."""
    arguments = ["--out", str(options.folder), "--num-photos", str(options.num_photos)]
    arguments += ["--blocks", options.blocks, "--seed", str(options.seed)]
    if make_town(arguments) != 0:
        raise SystemExit(2)
    town = map_town(options)
    map_bytes = sum(town.built.bytes_by_part().values())
    nearest = yardstick(town.scene, read_space(), num_bytes=map_bytes)
    visibility = VoxelVisibility.from_scene(town.scene, town.grid)
    seen_by_view = np.bincount(visibility.pair_view_idx, minlength=visibility.num_views)
    results: dict[str, object] = {
        "command": _command(options),
        "num_mapped": len(town.scene.views),
        "num_points": len(town.scene.points),
        "voxel_side_m": options.voxel_side,
        "num_voxels": len(town.grid),
        "num_codes": town.built.num_codes,
        "map_bytes": map_bytes,
        "yardstick_bytes": nearest.num_bytes,
        "voxels_seen_by_a_mapped_photo_median": float(np.median(seen_by_view)),
    }
    readers: dict[str, SceneReader] = {"neumap": town.built.reader, "yardstick": nearest}
    descriptor = VladDescriptor(town.describe)
    retrieved = RetrievedVoxels(town.scene, visibility, descriptor)
    for name in PASSES:
        queries = town.queries[name]
        rows = {label: _row(reader, queries) for label, reader in readers.items()}
        results[name] = {**rows, "activation": _activation(town, queries, retrieved)}
        print(name, json.dumps(results[name], indent=1), flush=True)
    return results


def map_town(options: Options) -> MappedTown:
    """Describe all photos, find the points from depth, choose codes in voxels."""
    image_set = read_images(options.folder)
    mapped, asked = Split.read(options.folder / "split.json").apply(image_set)
    describe = FeatureCache(options.cache, XFeatExtractor()).describe
    start = time.perf_counter()
    scene = build_scene(mapped, describe, units=image_set.units)
    print(f"{len(scene.points)} points, {time.perf_counter() - start:.0f} s", flush=True)
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=options.voxel_side)
    print(f"{len(grid)} voxels of {options.voxel_side:g} m", flush=True)
    source = Source(layout=image_set.layout, num_images=len(mapped), seed=options.seed)
    config = MappingConfig(voxel_side=options.voxel_side)
    built = map_of_scene(scene, source, budget_bytes=options.budget, config=config)
    print(f"{built.num_codes} codes, {time.perf_counter() - start:.0f} s", flush=True)
    queries = {
        name: [Query(image, describe(image)) for image in _of_pass(asked, name)[:: options.every]]
        for name in PASSES
    }
    return MappedTown(scene=scene, grid=grid, built=built, queries=queries, describe=describe)


def _of_pass(images: Sequence[PosedImage], name: str) -> list[PosedImage]:
    return [image for image in images if Path(image.name).name.startswith(f"{name}-")]


def _row(reader: SceneReader, queries: Sequence[Query]) -> dict[str, object]:
    """Localise every query; a failed one is a miss everywhere."""
    localizer = Localizer(XFeatExtractor(), reader)
    predictions: list[Prediction] = []
    for query in queries:
        camera = query.image.camera
        size = (camera.width, camera.height)
        result = localizer.localize_features(query.features, size=size, camera=camera)
        predictions.append(Prediction.from_result(query.image.name, result))
    truth = {query.image.name: query.image.cam_from_world for query in queries}
    scores = score(predictions, truth)
    return figures(scores, summarise(scores, units="metre", median_depth=None))


def figures(scores: Sequence[QueryScore], summary: Summary) -> dict[str, object]:
    """Medians over all queries (null where half of them failed), recalls, failures, wrong poses."""
    median_m = summary.position_percentiles[50]
    median_deg = summary.rotation_percentiles_deg[50]
    is_localised = bool(np.isfinite(median_m))
    recalls = {f"{m:g}m_{deg:g}deg": recall_share(scores, m, deg) for m, deg in RECALLS}
    wrong = [s for s in scores if np.isfinite(s.position_error) and s.position_error > _WRONG_M]
    return {
        "num_queries": summary.num_queries,
        "num_failed": summary.num_failed,
        "num_wrong": len(wrong),
        "median_position_error_m": round(median_m, 4) if is_localised else None,
        "median_rotation_error_deg": round(median_deg, 3) if is_localised else None,
        "recall": {label: round(share, 4) for label, share in recalls.items()},
        "num_inliers_median": summary.num_inliers_median,
        "inlier_ratio_median": round(summary.inlier_ratio, 3),
    }


def _activation(
    town: MappedTown, queries: Sequence[Query], retrieved: RetrievedVoxels
) -> dict[str, object]:
    reader = town.built.reader
    assert isinstance(reader, AnchoredReader)  # the default kind of map
    codes = reader.codes
    # The voxels of the map's codes, by the numbers of the grid that the scene was cut with.
    own = town.grid.voxel_idx(codes.anchors_in_world)
    held = own >= 0
    vectors = reader.decoder.unit_codes(codes)[held]
    table = CodeTable(vectors, own[held], len(town.grid))
    query_vectors = [reader.decoder.query_vectors(query.features) for query in queries]
    found = activation(
        queries, query_vectors, town.scene, grid=town.grid, table=table, retrieved=retrieved
    )
    return found.figures()


def _command(options: Options) -> str:
    defaults = Options(folder=options.folder, out=options.out)
    changed = [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in ("num_photos", "blocks", "every", "voxel_side", "budget", "seed")
        if getattr(options, name) != getattr(defaults, name)
    ]
    return " ".join(["python -m benchmarks.town --folder FOLDER --out OUT", *changed])


def main(options: Options) -> None:
    """Run and write the figures."""
    results = run(options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(tyro.cli(Options))
    except NeumapError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
