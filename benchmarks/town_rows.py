"""Rows of the town's result: queries of a pass localised with each reader."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.town_kept import KeptTown
from benchmarks.town_readers import CodeChoices, ReaderOf
from benchmarks.town_voxels import Query, RetrievedVoxels, activation
from neumap.baselines.nearest import NearestReader
from neumap.evaluation import Prediction, QueryScore, Summary, score, summarise
from neumap.evaluation.recall import recall_share
from neumap.features.xfeat import XFeatExtractor
from neumap.localizer import Localizer

RECALLS = ((0.25, 2.0), (0.5, 5.0), (5.0, 10.0))
"""Thresholds of visuallocalization.net: metres, degrees."""
_WRONG_M = 5.0  # a pose further off than this is wrong
_REPORT_EVERY = 50  # queries


@dataclass(frozen=True, kw_only=True, eq=False)
class TownReaders:
    """What answers the queries, and what chooses parts of the map."""

    choices: CodeChoices
    retrieved: RetrievedVoxels
    nearest: NearestReader
    """The yardstick of as many bytes."""

    def by_name(self) -> Mapping[str, ReaderOf]:
        """Return all readers; one may depend on the query."""
        choices = self.choices
        return {
            "neumap": lambda query: choices.reader,
            "all_codes": lambda query: choices.reader_of(choices.all_codes(query)),
            "retrieved_voxels": lambda query: choices.reader_of(choices.retrieved_voxels(query)),
            "yardstick": lambda query: self.nearest,
        }


def pass_figures(
    readers: TownReaders, queries: Sequence[Query], kept: KeptTown, *, pass_name: str
) -> dict[str, object]:
    """Rows by reader, and how well voxels are found."""
    choices = readers.choices
    chosen_by = {
        "neumap": choices.places,
        "all_codes": choices.all_codes,
        "retrieved_voxels": choices.retrieved_voxels,
    }
    rows: dict[str, object] = {}
    for name, reader_of in readers.by_name().items():
        label = f"{pass_name}, {name}"
        predictions = kept.row(pass_name, name, _localizing(reader_of, queries, label=label))
        row = _row(predictions, queries)
        if name in chosen_by:
            row["read"] = choices.figures(queries, chosen_by[name])
        rows[name] = row
    found = activation(queries, table=choices.table, retrieved=readers.retrieved)
    return {**rows, "activation": found.figures()}


def _localizing(
    reader_of: ReaderOf, queries: Sequence[Query], *, label: str
) -> Callable[[], list[Prediction]]:
    """Return what localises every query and tells how far it is."""

    def localize() -> list[Prediction]:
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
        return predictions

    return localize


def _row(predictions: Sequence[Prediction], queries: Sequence[Query]) -> dict[str, object]:
    """Score every query; a failed one is a miss everywhere."""
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
