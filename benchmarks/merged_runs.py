"""The merged-world regime: one map of all sets and 100,000 foreign codes, for every query."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from benchmarks.distractors import read_distractors, render_distractor_scenes
from benchmarks.merged_world import (
    Distractors,
    NearestInWorld,
    WorldPlan,
    merge_codes,
    merge_yardsticks,
    shifted,
)
from benchmarks.methods import OWN, SUFFIXES, YARDSTICK, MapMaker, Method, label_of
from benchmarks.photo_describer import DETECTORS, PhotoDescriber, Queries
from benchmarks.regime_runs import FoldMaps, Rows
from neumap.features.xfeat import Detector
from neumap.images import PosedImage
from neumap.scene_readers import AnchoredReader


def run_merged(
    maps: Sequence[FoldMaps], maker: MapMaker, describer: PhotoDescriber
) -> dict[str, Rows]:
    """Rows by set. World k holds fold k of each set; a set of one fold is in all worlds.

    Bytes are those of the whole world. No row of full precision: its comparisons would take
    longer than all the others.
    """
    folder = describer.folder / "distractors"
    render_distractor_scenes(folder)
    distractors: dict[Detector, Distractors] = {
        detector: read_distractors(folder, describer.day(detector)) for detector in DETECTORS
    }
    rows: dict[str, Rows] = {}
    num_worlds = max(part.fold_idx for part in maps) + 1
    for world in range(num_worlds):
        parts = _chosen(maps, world)
        clouds = [part.cloud for part in parts]
        plans: dict[Detector, WorldPlan] = {
            detector: WorldPlan.of(clouds, distractors[detector]) for detector in DETECTORS
        }
        for method in _methods(parts, plans, distractors, maker):
            shifts = plans[method.detector].scene_shifts
            for part, shift in zip(parts, shifts, strict=True):
                described = describer.queries(
                    _queries(part, world, num_worlds), detectors=(method.detector,)
                )
                rows.setdefault(part.bench.name, Rows()).add(method, _moved(described, shift))
        print(f"merged world {world + 1} of {num_worlds} done", flush=True)
    return rows


def _chosen(maps: Sequence[FoldMaps], world: int) -> list[FoldMaps]:
    """One fold of each set that has it."""
    return [part for part in maps if part.fold_idx == world or len(part.bench.folds) == 1]


def _queries(part: FoldMaps, world: int, num_worlds: int) -> tuple[PosedImage, ...]:
    """The fold's queries; those of a set of one fold take turns over the worlds."""
    queries = part.bench.folds[part.fold_idx].queries
    return queries if len(part.bench.folds) > 1 else queries[world::num_worlds]


def _moved(queries: Queries, shift: Float[np.ndarray, "3"]) -> Queries:
    """Move the queries' true poses with their scene."""
    return {
        detector: [(shifted(image, shift), features) for image, features in described]
        for detector, described in queries.items()
    }


def _methods(
    parts: Sequence[FoldMaps],
    plans: Mapping[Detector, WorldPlan],
    distractors: Mapping[Detector, Distractors],
    maker: MapMaker,
) -> list[Method]:
    """All kinds of map at all budgets."""
    methods: list[Method] = []
    for budget in maker.budgets:
        for detector, suffix in SUFFIXES.items():
            nearest = merge_yardsticks(
                [part.yardsticks[detector, budget] for part in parts],
                plans[detector],
                distractors[detector],
                maker.space,
            )
            methods.append(
                Method(
                    label=label_of(f"{YARDSTICK}{suffix}", budget),
                    reader=NearestInWorld(nearest),
                    num_bytes=nearest.num_bytes,
                    detector=detector,
                    budget=budget,
                )
            )
        for seed in range(maker.num_seeds):
            own = [part.codes[budget, seed] for part in parts]
            codes = merge_codes(own, plans["blobs"], distractors["blobs"], maker.decoder.code_space)
            methods.append(
                Method(
                    label=label_of(OWN, budget),
                    reader=AnchoredReader(maker.decoder, codes),
                    num_bytes=_stored_bytes(parts, (budget, seed), len(distractors["blobs"])),
                    detector="blobs",
                    budget=budget,
                    seed=seed,
                )
            )
    return methods


def _stored_bytes(parts: Sequence[FoldMaps], key: tuple[int, int], num_distractors: int) -> int:
    """Bytes of the scenes' own maps; distractors take as many bytes a code as these."""
    num_bytes = sum(part.map_bytes[key] for part in parts)
    num_codes = sum(len(part.codes[key]) for part in parts)
    return num_bytes + round(num_distractors * num_bytes / num_codes)
