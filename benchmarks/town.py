"""A rendered town of hundreds of voxels: queries by day and night, and the voxels they show.

The town is rendered first where the folder does not hold it yet; few photos show part of it.
Photos, and features in the cache, are kept, so that a stopped run goes on with what is missing.

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

from benchmarks.town_readers import CodeChoices, ReaderOf
from benchmarks.town_voxels import Query, RetrievedVoxels, activation, seen_voxels
from neumap.baselines.nearest import NearestReader, yardstick
from neumap.baselines.yardstick_space import read_space
from neumap.errors import NeumapError
from neumap.evaluation import Prediction, QueryScore, Summary, score, summarise
from neumap.evaluation.recall import recall_share
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import ImageSet, PosedImage, Split, read_images
from neumap.localizer import Localizer
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
_REPORT_EVERY = 50  # queries


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
    num_queries: int = 220
    """Queries of each pass that are localised, drawn at random; all, where there are fewer."""
    voxel_side: float = 8.0
    """Edge of a voxel in metres."""
    budget: int = 512_000
    """Bytes of the map, and of the yardstick beside it."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedTown:
    """The map, the points it was made of, and what chooses parts of it."""

    scene: Scene
    grid: VoxelGrid
    built: Map
    visibility: VoxelVisibility
    retrieved: RetrievedVoxels
    choices: CodeChoices
    nearest: NearestReader
    """The yardstick of as many bytes."""


def run(options: Options) -> dict[str, object]:
    """Map the town, localise queries of both passes with each reader; return the figures."""
    arguments = ["--out", str(options.folder), "--num-photos", str(options.num_photos)]
    arguments += ["--blocks", options.blocks, "--seed", str(options.seed)]
    if make_town(arguments) != 0:
        raise SystemExit(2)
    image_set = read_images(options.folder)
    mapped, asked = Split.read(options.folder / "split.json").apply(image_set)
    describe = FeatureCache(options.cache, XFeatExtractor()).describe
    town = map_town(image_set, mapped, describe, options)
    results = {"command": _command(options), **_map_figures(town, options)}
    for name in PASSES:
        rendered = _of_pass(asked, name)
        queries = [
            Query(image, describe(image), seen_voxels(town.scene, town.grid, image))
            for image in drawn(rendered, options.num_queries, seed=options.seed)
        ]
        results[name] = {
            "queries": {"rendered": len(rendered), "asked": len(queries), "why": _why(options)},
            **_pass_figures(town, queries, label=name),
        }
        print(name, json.dumps(results[name], indent=1), flush=True)
    return results


def map_town(
    image_set: ImageSet, mapped: Sequence[PosedImage], describe: Describe, options: Options
) -> MappedTown:
    """Describe all photos, find the points from depth, choose codes in voxels."""
    start = time.perf_counter()

    def told(what: str) -> None:
        print(f"{what}, {time.perf_counter() - start:.0f} s", flush=True)

    scene = build_scene(mapped, describe, units=image_set.units, stage_done=told)
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=options.voxel_side)
    told(f"{len(scene.points)} points in {len(grid)} voxels of {options.voxel_side:g} m")
    source = Source(layout=image_set.layout, num_images=len(mapped), seed=options.seed)
    config = MappingConfig(voxel_side=options.voxel_side)
    built = map_of_scene(scene, source, budget_bytes=options.budget, config=config)
    map_bytes = sum(built.bytes_by_part().values())
    told(f"{built.num_codes} codes in {map_bytes} bytes")
    visibility = VoxelVisibility.from_scene(scene, grid)
    retrieved = RetrievedVoxels(scene, visibility, VladDescriptor(describe))
    reader = built.reader
    assert isinstance(reader, AnchoredReader)  # the default kind of map
    nearest = yardstick(scene, read_space(), num_bytes=map_bytes)
    told("yardstick")
    return MappedTown(
        scene=scene,
        grid=grid,
        built=built,
        visibility=visibility,
        retrieved=retrieved,
        choices=CodeChoices(reader, grid, retrieved),
        nearest=nearest,
    )


def drawn(images: Sequence[PosedImage], count: int, *, seed: int) -> list[PosedImage]:
    """Draw `count` photos at random, in their order; all, where there are no more."""
    if len(images) <= count:
        return list(images)
    chosen = np.random.default_rng(seed).permutation(len(images))[:count]
    return [images[index] for index in np.sort(chosen).tolist()]


def _of_pass(images: Sequence[PosedImage], name: str) -> list[PosedImage]:
    return [image for image in images if Path(image.name).name.startswith(f"{name}-")]


def _why(options: Options) -> str:
    return (
        f"at most {options.num_queries} of a pass, drawn at random (seed {options.seed}): "
        "four readers localise each; all that were asked are counted"
    )


def _map_figures(town: MappedTown, options: Options) -> dict[str, object]:
    visibility = town.visibility
    seen_by_view = np.bincount(visibility.pair_view_idx, minlength=visibility.num_views)
    return {
        "num_mapped": len(town.scene.views),
        "num_points": len(town.scene.points),
        "voxel_side_m": options.voxel_side,
        "num_voxels": len(town.grid),
        "num_codes": town.built.num_codes,
        "map_bytes": sum(town.built.bytes_by_part().values()),
        "yardstick_bytes": town.nearest.num_bytes,
        "retrieval_index_bytes": town.retrieved.index_bytes,
        "voxels_seen_by_a_mapped_photo_median": float(np.median(seen_by_view)),
    }


def _pass_figures(town: MappedTown, queries: Sequence[Query], *, label: str) -> dict[str, object]:
    """Rows by reader, and how well voxels are found."""
    choices = town.choices
    vectors = [choices.reader.decoder.query_vectors(query.features) for query in queries]
    found = activation(queries, vectors, table=choices.table, retrieved=town.retrieved)
    readers: dict[str, ReaderOf] = {
        "neumap": lambda query: choices.reader,
        "all_codes": lambda query: choices.reader_of(choices.all_codes(query)),
        "retrieved_voxels": lambda query: choices.reader_of(choices.retrieved_voxels(query)),
        "yardstick": lambda query: town.nearest,
    }
    read = {
        "neumap": choices.places,
        "all_codes": choices.all_codes,
        "retrieved_voxels": choices.retrieved_voxels,
    }
    rows: dict[str, object] = {}
    for name, reader_of in readers.items():
        row = _row(reader_of, queries, label=f"{label}, {name}")
        if name in read:
            row["read"] = choices.figures(queries, read[name])
        rows[name] = row
    return {**rows, "activation": found.figures()}


def _row(reader_of: ReaderOf, queries: Sequence[Query], *, label: str) -> dict[str, object]:
    """Localise every query; a failed one is a miss everywhere."""
    extractor = XFeatExtractor()
    predictions: list[Prediction] = []
    start = time.perf_counter()
    for done, query in enumerate(queries, 1):
        camera = query.image.camera
        size = (camera.width, camera.height)
        localizer = Localizer(extractor, reader_of(query))
        result = localizer.localize_features(query.features, size=size, camera=camera)
        predictions.append(Prediction.from_result(query.image.name, result))
        if done % _REPORT_EVERY == 0 or done == len(queries):
            spent_s = time.perf_counter() - start
            print(f"{label}: {done} of {len(queries)}, {spent_s:.0f} s", flush=True)
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


def _command(options: Options) -> str:
    defaults = Options(folder=options.folder, out=options.out)
    changed = [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in ("num_photos", "blocks", "num_queries", "voxel_side", "budget", "seed")
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
