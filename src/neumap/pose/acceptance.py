"""When a solver's answer is believed: more inliers than chance, on points that fix a pose."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree
from scipy.special import betainc

from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import IdealPoints
from neumap.pose.refinement import pose_spread


@dataclass(frozen=True, kw_only=True)
class AcceptanceConfig:
    """Limits below which a pose counts as no pose."""

    min_inliers: int = 12
    """Distinct pixels and distinct points; a dozen is where chance fits end at small N."""
    max_chance: float = 1e-6
    """Upper bound on the probability that outliers alone reach the inlier count."""
    min_inlier_ratio: float = 0.0
    """Inliers over matches. Regressed coordinates of neighbouring pixels err together, so that
    chance alone is no bound on how many agree on a wrong pose."""
    max_position_over_depth: float = 0.1
    """Standard deviation of the position over the median depth."""
    max_rotation_deg: float = 6.0
    """Standard deviation of the rotation in its worst direction."""
    min_image_cells: int = 3
    """Cells of a 4 x 4 grid over the image that must hold an inlier."""

    def __post_init__(self) -> None:
        """Refuse limits that would accept anything."""
        if self.min_inliers < 4:
            raise ValueError(f"min_inliers is {self.min_inliers}, expected at least 4")
        if not 0 < self.max_chance < 1:
            raise ValueError(f"max_chance is {self.max_chance}, expected a value in (0, 1)")
        if not 0 <= self.min_inlier_ratio <= 1:
            raise ValueError(f"min_inlier_ratio is {self.min_inlier_ratio}, expected 0 to 1")


@dataclass(frozen=True)
class SearchEffort:
    """How hard a solver searched; more hypotheses find more inliers by chance."""

    num_hypotheses: int
    threshold_px: float
    sample_size: int = 3
    has_free_focal: bool = False


def hit_probability(
    xy_px: Float[np.ndarray, "pair 2"], *, threshold_px: float, area_px2: float
) -> float:
    """Probability that a wrong pair lies within the threshold by chance.

    The disc's share of the image, or more where the pixels crowd together.
    """
    tree = KDTree(xy_px)
    num_close = float(tree.count_neighbors(tree, threshold_px)) - len(xy_px)
    crowding = num_close / max(len(xy_px) * (len(xy_px) - 1), 1)
    return float(min(max(np.pi * threshold_px**2 / area_px2, crowding), 1.0))


def chance_of_inliers(
    num_inliers: int, num_pairs: int, *, hit_probability: float, effort: SearchEffort
) -> float:
    """Bound the probability that some hypothesis on pure outliers has this many inliers.

    Union bound over hypotheses of the binomial tail; the sample itself always fits.
    """
    free_hits = num_inliers - effort.sample_size
    free_pairs = num_pairs - effort.sample_size
    if free_hits <= 0:
        return 1.0
    tail = float(betainc(free_hits, free_pairs - free_hits + 1, hit_probability))
    return min(effort.num_hypotheses * tail, 1.0)


def first_of_each(rows: Float[np.ndarray, "row column"]) -> Int[np.ndarray, " distinct"]:
    """Indices of the first of each different row, in no order."""
    order = np.lexsort(rows.T)  # stable: of equal rows the first comes first
    ordered = rows[order]
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return order[is_new]


def num_distinct(rows: Float[np.ndarray, "row column"]) -> int:
    """Count different rows."""
    return len(first_of_each(rows))


def num_cells(xy_img: Float[np.ndarray, "pixel 2"], width: int, height: int) -> int:
    """Count cells of a 4 x 4 grid over the image that hold a pixel."""
    cell = np.clip(np.floor(xy_img / (width, height) * 4), 0, 3).astype(np.int64)
    return len(np.unique(cell[:, 0] * 4 + cell[:, 1]))


def chance_defect(
    points: IdealPoints,
    is_inlier: Bool[np.ndarray, " pair"],
    *,
    area_px2: float,
    effort: SearchEffort,
    config: AcceptanceConfig,
) -> str | None:
    """Say why the inliers are too few to be believed, or None."""
    num_inliers = min(num_distinct(points.xy_px[is_inlier]), num_distinct(points.xyz[is_inlier]))
    if num_inliers < config.min_inliers:
        return f"only {num_inliers} of {len(points)} matches agree on a pose"
    if num_inliers < config.min_inlier_ratio * len(points):
        return (
            f"only {num_inliers} of {len(points)} matches agree on a pose, "
            f"less than a share of {config.min_inlier_ratio:g}"
        )
    hit = hit_probability(points.xy_px, threshold_px=effort.threshold_px, area_px2=area_px2)
    chance = chance_of_inliers(num_inliers, len(points), hit_probability=hit, effort=effort)
    if chance > config.max_chance:
        return (
            f"{num_inliers} of {len(points)} matches agree on a pose, "
            f"no more than chance explains (p = {chance:.1e})"
        )
    return None


def geometry_defect(
    inliers: IdealPoints,
    cam_from_shifted: RigidTransform,
    *,
    effort: SearchEffort,
    config: AcceptanceConfig,
) -> str | None:
    """Say why the inliers do not determine the pose (a line, one spot), or None."""
    residuals = inliers.residuals_px(cam_from_shifted)
    sigma_px = max(1.0, float(np.sqrt((residuals**2).mean())))
    spread = pose_spread(
        inliers,
        cam_from_shifted,
        sigma_px=sigma_px,
        has_free_focal=effort.has_free_focal,
    )
    if (
        spread.position_over_depth > config.max_position_over_depth
        or spread.rotation_deg > config.max_rotation_deg
    ):
        return "the matched points do not determine the pose (they lie on a line or one spot)"
    return None
