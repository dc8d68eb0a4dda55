"""Runs the regimes: each fold's points and maps are made once and serve all of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from benchmarks.methods import FULL_PRECISION, MapMaker, Method, Scenes, full_method
from benchmarks.night import NIGHT_LEVELS, NightExtractor
from benchmarks.rows import Row
from benchmarks.sets import BenchSet, Fold
from neumap.baselines.nearest import NearestReader
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.errors import MappingError
from neumap.features import LocalFeatures
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import Detector, XFeatConfig, XFeatExtractor
from neumap.images import PosedImage
from neumap.images.posed_image import Units
from neumap.scene.build_scene import Describe, build_scene
from neumap.scene_readers import AnchoredReader

RegimeName = Literal["easy", "night", "wide", "merged"]
DAY = 0
DETECTORS: tuple[Detector, ...] = ("xfeat", "blobs")
Queries = Mapping[Detector, list[tuple[PosedImage, LocalFeatures]]]
"""Photos and their features, by the detector of the key-points."""


@dataclass(frozen=True)
class Selection:
    """What of a set is run."""

    regimes: tuple[RegimeName, ...]
    severities: tuple[int, ...]
    max_folds: int


class Rows(dict[str, Row]):
    """Rows by label; a new label starts an empty row."""

    def __missing__(self, label: str) -> Row:
        """Start a row."""
        self[label] = Row()
        return self[label]

    def add(self, method: Method, queries: Queries) -> None:
        """Localise the queries with one method."""
        row = self[method.label]
        row.map_bytes.append(method.num_bytes)
        row.add_queries(method.reader, queries[method.detector], seed=method.seed)


@dataclass(frozen=True, eq=False)
class FoldMaps:
    """Maps of one fold that the merged world is made of."""

    bench: BenchSet
    fold_idx: int
    yardsticks: dict[int, NearestReader]
    """By budget."""
    codes: dict[tuple[int, int], AnchoredCodes]
    """By budget and seed."""
    map_bytes: dict[tuple[int, int], int]
    """Of the codes' map file."""
    cloud: Float[np.ndarray, "point 3"]
    """All points of the scene, which say how large it is."""


class PhotoDescriber:
    """Features of photos by day and at each level of night, kept in a folder."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache
        self._describe: dict[tuple[Detector, int], Describe] = {}
        for detector in DETECTORS:
            day = XFeatExtractor(XFeatConfig(detector=detector))
            self._describe[detector, DAY] = FeatureCache(cache, day).describe
            for level, night in NIGHT_LEVELS.items():
                dark = FeatureCache(cache, NightExtractor(day, night))
                self._describe[detector, level] = dark.describe

    def day(self, detector: Detector) -> Describe:
        """Return what describes photos as they are."""
        return self._describe[detector, DAY]

    def scenes(
        self, fold: Fold, *, units: Units, detectors: Sequence[Detector] = DETECTORS
    ) -> Scenes:
        """Find the points of the mapped photos; MappingError where they show too few."""
        return {
            detector: build_scene(fold.mapped, self.day(detector), units=units)
            for detector in detectors
        }

    def queries(
        self,
        images: Sequence[PosedImage],
        *,
        level: int = DAY,
        detectors: Sequence[Detector] = DETECTORS,
    ) -> Queries:
        """Describe photos at a level of night."""
        return {
            detector: [(image, self._describe[detector, level](image)) for image in images]
            for detector in detectors
        }


def run_set(
    bench: BenchSet, maker: MapMaker, describer: PhotoDescriber, selection: Selection
) -> tuple[dict[str, Rows], float, list[FoldMaps]]:
    """Rows of all regimes but the merged one, the full-precision median, maps to be merged.

    The full-precision map answers the set's own queries in any case: its median tells what a
    failure is.
    """
    regimes = selection.regimes
    day, rows, kept = Rows(), dict[str, Rows](), list[FoldMaps]()
    needs_maps = {"easy", "night", "merged"} & set(regimes)
    detectors: Sequence[Detector] = DETECTORS if needs_maps else ("xfeat",)
    for index, fold in enumerate(bench.folds[: selection.max_folds]):
        scenes = describer.scenes(fold, units=bench.units, detectors=detectors)
        methods = [full_method(scenes["xfeat"])]
        if needs_maps:
            methods = maker.methods_of(scenes, layout=bench.layout)
        queries = describer.queries(fold.queries, detectors=detectors)
        for method in methods if "easy" in regimes else methods[:1]:
            day.add(method, queries)
        if "night" in regimes:
            for level in selection.severities:
                queries = describer.queries(fold.queries, level=level)
                for method in methods:
                    rows.setdefault(f"night {level}", Rows()).add(method, queries)
        if "merged" in regimes:
            kept.append(_kept_maps(bench, index, methods, scenes["blobs"].points.xyz_in_world))
    if "easy" in regimes:
        rows = {"easy": day, **rows}
    if "wide" in regimes:
        for regime, folds in (("wide gap", bench.gap_folds), ("wide thin", bench.thin_folds)):
            rows[regime] = _run_folds(bench, folds[: selection.max_folds], maker, describer)
    return rows, float(np.percentile(day[FULL_PRECISION].position_error, 50, method="higher")), kept


def _run_folds(
    bench: BenchSet, folds: tuple[Fold, ...], maker: MapMaker, describer: PhotoDescriber
) -> Rows:
    """Map and query; where the photos give no map, all queries are misses of every method."""
    rows = Rows()
    for fold in folds:
        try:
            scenes = describer.scenes(fold, units=bench.units)
        except MappingError as error:
            print(f"{bench.name}: {len(fold.mapped)} photos give no map: {error}", flush=True)
            for label in maker.labels():
                rows[label].add_missed(len(fold.queries))
            continue
        queries = describer.queries(fold.queries)
        for method in maker.methods_of(scenes, layout=bench.layout):
            rows.add(method, queries)
    return rows


def _kept_maps(
    bench: BenchSet, index: int, methods: list[Method], cloud: Float[np.ndarray, "point 3"]
) -> FoldMaps:
    yardsticks: dict[int, NearestReader] = {}
    codes: dict[tuple[int, int], AnchoredCodes] = {}
    map_bytes: dict[tuple[int, int], int] = {}
    for method in methods:
        if method.budget is None:
            continue
        if isinstance(method.reader, NearestReader):
            yardsticks[method.budget] = method.reader
        elif isinstance(method.reader, AnchoredReader):
            # A copy, because the decoder keeps large tables for codes that it has read.
            codes[method.budget, method.seed] = replace(method.reader.codes)
            map_bytes[method.budget, method.seed] = method.num_bytes
    return FoldMaps(bench, index, yardsticks, codes, map_bytes, cloud)
