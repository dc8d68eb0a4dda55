"""Runs the regimes: each fold's points and maps are made once and serve all of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from benchmarks.methods import FULL_PRECISION, MapMaker, Method, full_method
from benchmarks.photo_describer import DETECTORS, PhotoDescriber, Queries
from benchmarks.rows import Row
from benchmarks.sets import BenchSet, Fold
from neumap.baselines.nearest import NearestReader
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.errors import MappingError
from neumap.features.xfeat import Detector
from neumap.scene_readers import AnchoredReader

RegimeName = Literal["easy", "night", "wide", "merged"]


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
    yardsticks: dict[tuple[Detector, int], NearestReader]
    """By key-points and budget."""
    codes: dict[tuple[int, int], AnchoredCodes]
    """By budget and seed."""
    map_bytes: dict[tuple[int, int], int]
    """Of the codes' map file."""
    cloud: Float[np.ndarray, "point 3"]
    """All points of the scene, which say how large it is."""


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
        methods = [full_method(scenes)]
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
    yardsticks: dict[tuple[Detector, int], NearestReader] = {}
    codes: dict[tuple[int, int], AnchoredCodes] = {}
    map_bytes: dict[tuple[int, int], int] = {}
    for method in methods:
        if method.budget is None:
            continue
        if isinstance(method.reader, NearestReader):
            yardsticks[method.detector, method.budget] = method.reader
        elif isinstance(method.reader, AnchoredReader):
            # A copy, because the decoder keeps large tables for codes that it has read.
            codes[method.budget, method.seed] = replace(method.reader.codes)
            map_bytes[method.budget, method.seed] = method.num_bytes
    return FoldMaps(bench, index, yardsticks, codes, map_bytes, cloud)
