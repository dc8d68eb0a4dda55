"""A rendered town of hundreds of voxels: queries by day and night, and the voxels they show.

The town is rendered first where the folder does not hold it yet; few photos show part of it.
Photos, features, the map and finished rows are kept, so that a stopped run goes on with the rest.

    python -m benchmarks.town --folder runs/town --out benchmarks/results/town.json
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tyro

from benchmarks.town_kept import KeptTown
from benchmarks.town_readers import CodeChoices
from benchmarks.town_rows import TownReaders, pass_figures
from benchmarks.town_voxels import Query, RetrievedVoxels, seen_voxels
from neumap.baselines.nearest import yardstick
from neumap.baselines.yardstick_space import read_space
from neumap.errors import NeumapError
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import ImageSet, PosedImage, Split, read_images
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
_SETTINGS = ("num_photos", "blocks", "num_queries", "voxel_side", "budget", "seed")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    folder: Path
    """Folder of the town; rendered where it is not complete."""
    out: Path
    """JSON file to write."""
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    kept: Path = Path("runs/town_kept")
    """Folder of maps and poses; used again only where photos, settings and code are the same."""
    num_photos: int = 3440
    """Photos of all passes, to map and to query."""
    blocks: str = "5x4"
    """Blocks of houses of the town."""
    num_queries: int = 200
    """Queries of each pass that are localised, drawn at random; all, where there are fewer."""
    voxel_side: float = 8.0
    """Edge of a voxel in metres."""
    budget: int = 512_000
    """Bytes of the map, and of the yardstick beside it."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedTown:
    """The map, the points it was made of, and what reads it."""

    scene: Scene
    grid: VoxelGrid
    built: Map
    visibility: VoxelVisibility
    readers: TownReaders


def run(options: Options) -> dict[str, object]:
    """Map the town, localise queries of both passes with each reader; return the figures."""
    arguments = ["--out", str(options.folder), "--num-photos", str(options.num_photos)]
    arguments += ["--blocks", options.blocks, "--seed", str(options.seed)]
    if make_town(arguments) != 0:
        raise SystemExit(2)
    image_set = read_images(options.folder)
    split = Split.read(options.folder / "split.json")
    mapped, asked = split.apply(image_set)
    describe = FeatureCache(options.cache, XFeatExtractor()).describe
    settings = {name: getattr(options, name) for name in _SETTINGS}
    kept = KeptTown.of(options.kept, image_set, split, settings)
    town = map_town(replace(image_set, images=mapped), describe, kept, options)
    results: dict[str, object] = {"command": _command(options), **_map_figures(town, options)}
    for name in PASSES:
        rendered = _of_pass(asked, name)
        queries = [
            _query(town, image, describe)
            for image in drawn(rendered, options.num_queries, seed=options.seed)
        ]
        results[name] = {
            "queries": {"rendered": len(rendered), "asked": len(queries), "why": _why(options)},
            **pass_figures(town.readers, queries, kept, pass_name=name),
        }
        print(name, json.dumps(results[name], indent=1), flush=True)
    return results


def map_town(mapped: ImageSet, describe: Describe, kept: KeptTown, options: Options) -> MappedTown:
    """Describe all photos, find the points from depth, choose codes in voxels."""
    start = time.perf_counter()

    def told(what: str) -> None:
        print(f"{what}, {time.perf_counter() - start:.0f} s", flush=True)

    scene = build_scene(mapped.images, describe, units=mapped.units, stage_done=told)
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=options.voxel_side)
    told(f"{len(scene.points)} points in {len(grid)} voxels of {options.voxel_side:g} m")
    source = Source(layout=mapped.layout, num_images=len(mapped.images), seed=options.seed)
    config = MappingConfig(voxel_side=options.voxel_side)
    built = kept.map(
        lambda: map_of_scene(scene, source, budget_bytes=options.budget, config=config)
    )
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
        readers=TownReaders(
            choices=CodeChoices(reader, grid, retrieved), retrieved=retrieved, nearest=nearest
        ),
    )


def _query(town: MappedTown, image: PosedImage, describe: Describe) -> Query:
    features = describe(image)
    return Query(
        image,
        features,
        seen=seen_voxels(town.scene, town.grid, image),
        nearest_code=town.readers.choices.nearest_codes(features),
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
        "yardstick_bytes": town.readers.nearest.num_bytes,
        "retrieval_index_bytes": town.readers.retrieved.index_bytes,
        "voxels_seen_by_a_mapped_photo_median": float(np.median(seen_by_view)),
    }


def _command(options: Options) -> str:
    defaults = Options(folder=options.folder, out=options.out)
    changed = [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in _SETTINGS
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
