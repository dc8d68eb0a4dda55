"""The interface of absolute pose solvers, and the checks that all of them share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from neumap.geometry import Camera, RigidTransform
from neumap.pose.acceptance import (
    AcceptanceConfig,
    SearchEffort,
    chance_defect,
    geometry_defect,
    num_cells,
)
from neumap.pose.ideal_points import IdealPoints, undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.refinement import refine_pose
from neumap.pose.residual_noise import noise_of_residuals

_LOSS_SCALE = 1.5  # of a polish, in standard deviations of the photo's own noise (decision 003)


@dataclass(frozen=True, kw_only=True)
class SolverConfig:
    """What every solver obeys; one thread, same answer for the same seed."""

    threshold_px: float = 8.0
    """Largest reprojection error of an inlier, in pixels of the undistorted image."""
    max_iterations: int = 10_000
    """RANSAC samples at most; bounds the time on photos from elsewhere."""
    seed: int = 0
    acceptance: AcceptanceConfig = field(default_factory=AcceptanceConfig)

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if not 0 < self.threshold_px < 1e4:
            raise ValueError(f"threshold_px is {self.threshold_px}, expected 0 to 10000")
        if not 1 <= self.max_iterations <= 1_000_000:
            raise ValueError(f"max_iterations is {self.max_iterations}, expected 1 to 1000000")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}, expected 0 to 2**31 - 1")


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A solver's best pose of the shifted points, before anyone believes it."""

    cam_from_shifted: RigidTransform
    num_hypotheses: int
    """Poses that were scored, at most."""


class AbstractPoseSolver(ABC):
    """Finds a camera's pose from pairs of pixels and world points, most of them perhaps wrong."""

    def __init__(self, config: SolverConfig) -> None:
        self.config = config

    @property
    def search_loss_px(self) -> float:
        """Scale of the Cauchy loss of `refine`, and of what follows a search by samples."""
        return 0.5 * self.config.threshold_px

    @abstractmethod
    def search(self, points: IdealPoints) -> Hypothesis | None:
        """Return the best pose of at least 4 finite pairs, or None; no checks are made here."""

    def minimise(
        self, points: IdealPoints, cam_from_shifted: RigidTransform, *, loss_scale_px: float
    ) -> RigidTransform:
        """Move a pose to the nearest minimum of the sum of the pairs' Cauchy losses."""
        return refine_pose(points, cam_from_shifted, loss_scale_px=loss_scale_px)

    def polish(
        self, points: IdealPoints, cam_from_shifted: RigidTransform, *, num_rounds: int
    ) -> RigidTransform | None:
        """Improve a pose that is nearly right on pairs most of which are right; no search.

        In each round the pairs within the threshold are found and their errors minimised, with a
        loss as wide as these pairs scatter. None if fewer than 4 are within it.
        """
        pose, threshold_px = cam_from_shifted, self.config.threshold_px
        for _ in range(num_rounds):
            residuals_px = points.residuals_px(pose)
            is_near = residuals_px <= threshold_px
            if is_near.sum() < 4:
                return None
            noise_px = noise_of_residuals(residuals_px[is_near], reach_px=threshold_px)
            pose = self.minimise(points.where(is_near), pose, loss_scale_px=_LOSS_SCALE * noise_px)
        return pose

    def solve(self, correspondences: Correspondences, camera: Camera) -> PoseEstimate | PoseFailure:
        """Return cam_from_world with its inliers, or why there is none; never a guess."""
        points = undistort(correspondences, camera)
        if len(points) < 4:
            return PoseFailure(
                f"{len(points)} usable matches, a pose needs more than 3", len(correspondences)
            )
        hypothesis = self.search(points)
        if hypothesis is None:
            return PoseFailure("no pose fits the matches", len(correspondences))
        effort = SearchEffort(hypothesis.num_hypotheses, self.config.threshold_px)
        candidate = Candidate(correspondences, camera, points, hypothesis.cam_from_shifted)
        return judge(candidate, effort, self.config.acceptance)

    def refine(
        self,
        cam_from_world: RigidTransform,
        correspondences: Correspondences,
        camera: Camera,
        *,
        weights: Float[np.ndarray, " pair"] | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Polish a given pose on correspondences searched for around it.

        The same checks as in `solve`, for one hypothesis; `weights` (>= 0) scale the squared
        errors, one for each pair. The Cauchy loss has the scale of half the threshold.
        """
        points = undistort(correspondences, camera)
        if len(points) < 4:
            return PoseFailure(
                f"{len(points)} usable matches, a pose needs more than 3", len(correspondences)
            )
        start = points.from_world(cam_from_world)
        used = None if weights is None else weights[points.is_used]
        pose = refine_pose(points, start, loss_scale_px=self.search_loss_px, weights=used)
        effort = SearchEffort(1, self.config.threshold_px)
        return judge(
            Candidate(correspondences, camera, points, pose), effort, self.config.acceptance
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """A pose to be judged, with what it was found from."""

    correspondences: Correspondences
    camera: Camera
    points: IdealPoints
    cam_from_shifted: RigidTransform


def judge(
    candidate: Candidate, effort: SearchEffort, config: AcceptanceConfig
) -> PoseEstimate | PoseFailure:
    """Accept a pose that chance does not explain and that its inliers determine."""
    points, pose, camera = candidate.points, candidate.cam_from_shifted, candidate.camera
    num_pairs = len(candidate.correspondences)
    if pose.defect() is not None:
        return PoseFailure("the solver found no finite pose", num_pairs)
    used_residuals = points.residuals_px(pose)
    is_hit = used_residuals <= effort.threshold_px
    area_px2 = float(camera.width * camera.height)
    reason = chance_defect(points, is_hit, area_px2=area_px2, effort=effort, config=config)
    xy_img = candidate.correspondences.xy_img[points.is_used][is_hit]
    if reason is None and num_cells(xy_img, camera.width, camera.height) < config.min_image_cells:
        reason = "the agreeing matches cover too small a part of the photo"
    if reason is None:
        reason = geometry_defect(points.where(is_hit), pose, effort=effort, config=config)
    if reason is not None:
        return PoseFailure(reason, num_pairs, int(is_hit.sum()))
    residuals_px = np.full(num_pairs, np.inf)
    residuals_px[points.is_used] = used_residuals
    return PoseEstimate(
        cam_from_world=points.to_world(pose),
        camera=camera,
        correspondences=candidate.correspondences,
        is_inlier=residuals_px <= effort.threshold_px,
        residuals_px=residuals_px,
    )
