"""What a decoder's matches are worth on held-out scenes: right ones, their share, their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.selection import select_by_coverage
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.scene import MappingView, Scene
from neumap.training.episodes import truth_of
from neumap.training.scene_cache import TrainingScene

MakeCodes = Callable[[Scene, np.ndarray], AnchoredCodes]
"""Scene and chosen points to codes."""


@dataclass(frozen=True, eq=False)
class QueryOutcome:
    """The matches of one query, best confidence first."""

    scene: str
    is_right: Bool[np.ndarray, " match"]
    confidence: Float32[np.ndarray, " match"]
    brightness: float
    """Mean grey value of the photo."""


@dataclass(frozen=True, kw_only=True)
class MatchSummary:
    """Means over queries."""

    num_queries: int
    num_right: float
    """Right matches a query."""
    inlier_ratio: float
    """Right matches over all matches."""
    share_of_30: float
    """Share of queries with at least 30 right matches."""
    best_100_ratio: float
    """Share of right ones among each query's 100 most confident matches."""
    auc: float
    """Probability that a right match has the higher confidence than a wrong one."""
    calibration_error: float
    """Mean absolute difference between confidence and share of right ones, over 10 bins."""


def mean_descriptor_codes(decoder: AnchoredDecoder) -> MakeCodes:
    """Codes from the points' mean descriptors, without any fitting."""
    space = decoder.code_space

    def make(scene: Scene, chosen: np.ndarray) -> AnchoredCodes:
        levels = space.quantise(space.project(scene.points.descriptors[chosen]))
        xyz = scene.points.xyz_in_world[chosen]
        return AnchoredCodes.from_points(xyz, levels, code_bits=space.bits)

    return make


def judge_queries(
    scenes: Sequence[TrainingScene],
    decoder: AnchoredDecoder,
    *,
    num_codes: int,
    make_codes: MakeCodes | None = None,
) -> list[QueryOutcome]:
    """Map each scene with `num_codes` codes chosen by coverage and match its queries."""
    make_codes = make_codes if make_codes is not None else mean_descriptor_codes(decoder)
    outcomes: list[QueryOutcome] = []
    for held_out in scenes:
        codes = make_codes(held_out.scene, select_by_coverage(held_out.scene, num_codes))
        num_mapping = len(held_out.scene.views)
        for index, view in enumerate(held_out.queries):
            found = decoder.predict(view.features, codes)
            depth = held_out.depths[num_mapping + index]
            right = right_matches(found, view, depth)
            brightness = held_out.brightness[num_mapping + index]
            outcomes.append(QueryOutcome(held_out.name, right, found.confidence, brightness))
    return outcomes


def right_matches(
    found: SceneCoordinates,
    view: MappingView,
    depth: Float[np.ndarray, " pixel"],
    *,
    within_px: float = 4.0,
) -> Bool[np.ndarray, " match"]:
    """Tell which coordinates project onto their pixel under the view's true pose."""
    truth = truth_of(view, depth, found.xyz_in_world)
    pixel = torch.from_numpy(found.pixel_idx)
    return truth.judge(pixel, torch.arange(len(found)), within_px=within_px).numpy()


def summarise(outcomes: Sequence[QueryOutcome]) -> MatchSummary:
    """Summarise the outcomes of at least one query."""
    right = np.concatenate([o.is_right for o in outcomes])
    confidence = np.concatenate([o.confidence for o in outcomes]).astype(np.float64)
    counts = np.array([o.is_right.sum() for o in outcomes])
    best = np.concatenate([o.is_right[:100] for o in outcomes])
    return MatchSummary(
        num_queries=len(outcomes),
        num_right=float(counts.mean()),
        inlier_ratio=float(right.mean()) if len(right) else 0.0,
        share_of_30=float((counts >= 30).mean()),
        best_100_ratio=float(best.mean()) if len(best) else 0.0,
        auc=_auc(confidence, right),
        calibration_error=_calibration_error(confidence, right),
    )


def _auc(confidence: Float[np.ndarray, " match"], right: Bool[np.ndarray, " match"]) -> float:
    num_right, num_wrong = int(right.sum()), int((~right).sum())
    if num_right == 0 or num_wrong == 0:
        return float("nan")
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]  # ties share their rank
    return float((rank[right].sum() - num_right * (num_right + 1) / 2) / (num_right * num_wrong))


def _calibration_error(
    confidence: Float[np.ndarray, " match"], right: Bool[np.ndarray, " match"]
) -> float:
    bins = np.minimum((confidence * 10).astype(np.int64), 9)
    gap = np.bincount(bins, confidence - right, minlength=10)
    return float(np.abs(gap).sum() / max(len(right), 1))
