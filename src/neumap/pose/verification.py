"""When a pose is believed: what its matches and the codes seen since say together.

Evidence is counted in nats. The first matches count by how little chance explains their
agreement, each further code by how surprising the likeness of the key-points near it would be,
less what wrong poses reach. All of that rules out a place that looks different; a place that looks
alike is ruled out by what the mean code in view says, as it shows few of them (decision 006).
"""

import math
from dataclasses import dataclass

import numpy as np

from neumap.errors import OptionError
from neumap.pose.acceptance import (
    SearchEffort,
    chance_of_inliers,
    first_of_each,
    hit_probability,
    num_cells,
    num_distinct,
)
from neumap.pose.guided_evidence import surprise_of_codes
from neumap.pose.guided_matching import GuideTable
from neumap.pose.solver import Candidate

_LEAST_CHANCE = 1e-300
_LEAST_PREFIX = 12  # pairs; of fewer, all are one prefix
_AGREEING_NATS = 7.0  # of a code in an agreeing match; the most that a further code can say


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationConfig:
    """Limits on the evidence for a pose; decision 006 says where they come from."""

    search_shares: tuple[float, ...] = (0.5, 1.0, 1 / 3)
    """Shares of the matches, best first, that are searched in turn until one is sure."""
    min_first_inliers: int = 6
    """Distinct first matches that must agree whatever is seen later."""
    sure_nats: float = 100.0
    """Evidence of the first matches alone after which no other search is made."""
    overwhelming_nats: float = 650.0
    """Evidence of the first matches alone that needs no other; look-alike places had up to 456."""
    min_nats: float = 30.0
    """Evidence of first matches and further codes together that a pose needs."""
    neutral_nats: float = 2.5
    """Surprise at which a further code speaks neither for the pose nor against it."""
    min_mean_nats: float = 3.8
    """Mean over the codes seen, agreeing and further ones: first matches that support each
    other may agree on a wrong pose, and walls of one make look alike, but not everywhere."""
    strong_nats: float = 360.0
    """Evidence of the first matches that a lower mean does for: a place seen from elsewhere hides
    many of its codes."""
    min_mean_nats_if_strong: float = 3.3
    """Mean over the codes seen for strong first matches."""
    strong_nats_if_crowded: float = 200.0
    """Evidence of the first matches that counts as strong where a view through the walls of a
    large map holds many more codes than the photo can show."""
    min_mean_nats_if_crowded: float = 1.5
    """Mean over the codes in view for strong first matches in such a view."""
    min_image_cells: int = 3
    """Cells of a 4 x 4 grid over the photo that must hold an agreeing first match."""

    def __post_init__(self) -> None:
        """Refuse limits that would accept anything."""
        is_share = bool(self.search_shares) and all(0 < share <= 1 for share in self.search_shares)
        is_rising = 0 < self.min_nats <= self.sure_nats <= self.overwhelming_nats
        is_mean = 0 <= self.min_mean_nats_if_strong <= self.min_mean_nats < _AGREEING_NATS
        is_mean &= 0 <= self.min_mean_nats_if_crowded < _AGREEING_NATS
        if not (is_share and is_rising and is_mean) or self.min_first_inliers < 4:
            raise OptionError("VerificationConfig", f"{self} is out of range", "Correct it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class PoseEvidence:
    """What speaks for a pose."""

    num_agreeing: int
    """Distinct first matches within the threshold."""
    num_matches: int
    num_cells: int
    """Cells of a 4 x 4 grid over the photo that hold an agreeing match."""
    first_nats: float
    num_codes: int
    """Further codes with a key-point near their projection; 0 if none had to be looked at."""
    code_nats: float
    """What they say; below 0 it is against the pose."""
    mean_nats: float
    """Mean over the codes in view, of which those in agreeing matches count 7 nats."""
    is_crowded: bool = False
    """Whether the view holds many more codes than the photo can show."""

    @property
    def nats(self) -> float:
        """All evidence."""
        return self.first_nats + self.code_nats


def prefix_sizes(num_pairs: int, shares: tuple[float, ...]) -> tuple[int, ...]:
    """How many of the best pairs each share is; at least a dozen, or all."""
    least = min(num_pairs, _LEAST_PREFIX)
    return tuple(max(round(share * num_pairs), least) for share in shares)


def evidence_for(
    candidate: Candidate,
    table: GuideTable,
    *,
    effort: SearchEffort,
    radius_px: float,
    config: VerificationConfig,
    has_rival: bool = False,
) -> PoseEvidence:
    """Weigh a pose that was found from the candidate's first matches.

    `effort` is that of the first search; further codes are compared with key-points within
    `radius_px` of their projections. Where the first matches overwhelm, the codes are compared only
    if the pose has a rival to be ranked against: that takes a fifth of a query's time.
    """
    points, pose, camera = candidate.points, candidate.cam_from_shifted, candidate.camera
    is_hit = points.residuals_px(pose) <= effort.threshold_px
    known = candidate.correspondences.where(points.is_used).where(is_hit)
    first_nats = nats_of_first(candidate, effort=effort, config=config)
    surprise, num_known, is_crowded = np.zeros(0), len(known), False
    if has_rival or first_nats < config.overwhelming_nats:
        in_view = surprise_of_codes(
            table, points.to_world(pose), camera, known=known, radius_px=radius_px
        )
        surprise, num_known = in_view.surprise, in_view.num_known
        is_crowded = in_view.is_crowded
    all_nats = _AGREEING_NATS * num_known + float(surprise.sum())
    return PoseEvidence(
        num_agreeing=min(num_distinct(points.xy_px[is_hit]), num_distinct(points.xyz[is_hit])),
        num_matches=len(points),
        num_cells=num_cells(known.xy_img, camera.width, camera.height),
        first_nats=first_nats,
        num_codes=len(surprise),
        code_nats=float((surprise - config.neutral_nats).sum()),
        mean_nats=all_nats / max(num_known + len(surprise), 1),
        is_crowded=is_crowded,
    )


def evidence_defect(evidence: PoseEvidence, config: VerificationConfig) -> str | None:
    """Say why the evidence does not do, or None."""
    agreeing = f"only {evidence.num_agreeing} of {evidence.num_matches} matches agree on a pose"
    if evidence.num_agreeing < config.min_first_inliers:
        return agreeing
    if evidence.num_cells < config.min_image_cells:
        return "the agreeing matches cover too small a part of the photo"
    if evidence.first_nats >= config.overwhelming_nats:
        return None
    if _is_in_view(evidence, config):
        return None
    if evidence.num_codes == 0:
        return f"{agreeing}, and no other map point is seen near where it would then be"
    return (
        f"{agreeing}, and the photo does not look like the {evidence.num_codes} other map points "
        "that it would then show"
    )


def _is_in_view(evidence: PoseEvidence, config: VerificationConfig) -> bool:
    """Tell whether the photo looks like what the pose puts into it."""
    if evidence.is_crowded and evidence.first_nats >= config.strong_nats_if_crowded:
        return evidence.mean_nats >= config.min_mean_nats_if_crowded
    is_strong = evidence.first_nats >= config.strong_nats
    least_mean = config.min_mean_nats_if_strong if is_strong else config.min_mean_nats
    return evidence.nats >= config.min_nats and evidence.mean_nats >= least_mean


def nats_of_first(
    candidate: Candidate, *, effort: SearchEffort, config: VerificationConfig
) -> float:
    """-ln of a bound on chance, from those best matches that show it most clearly.

    Matches come best first, and how many of them are worth a look differs from photo to photo.
    """
    points, camera = candidate.points, candidate.camera
    is_hit = points.residuals_px(candidate.cam_from_shifted) <= effort.threshold_px
    area_px2 = float(camera.width * camera.height)
    hit_idx = np.flatnonzero(is_hit)
    first_of_pixel = hit_idx[first_of_each(points.xy_px[is_hit])]
    first_of_code = hit_idx[first_of_each(points.xyz[is_hit])]
    sizes = set(prefix_sizes(len(points), config.search_shares))
    least = 1.0
    for size in sizes:
        count = min(int((first_of_pixel < size).sum()), int((first_of_code < size).sum()))
        xy_px = points.xy_px[:size]
        probability = hit_probability(xy_px, threshold_px=effort.threshold_px, area_px2=area_px2)
        chance = chance_of_inliers(count, size, hit_probability=probability, effort=effort)
        least = min(least, len(sizes) * max(chance, _LEAST_CHANCE))
    return -math.log(least)
