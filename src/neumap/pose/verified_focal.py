"""Searches for a pose with its focal length, each verified with the codes that it shows."""

from typing import Protocol, runtime_checkable

import numpy as np

from neumap.geometry import Camera
from neumap.pose.acceptance import SearchEffort
from neumap.pose.guided_matching import GuideTable
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate
from neumap.pose.stage_clock import StageClock
from neumap.pose.verification import evidence_defect, evidence_for, prefix_sizes
from neumap.pose.verified_search import GuidedSearchConfig


@runtime_checkable
class FocalSolver(Protocol):
    """Solves for pose and focal length together."""

    @property
    def effort(self) -> SearchEffort:
        """How hard a search is at most."""
        ...

    def solve(self, correspondences: Correspondences, camera: Camera) -> PoseEstimate | PoseFailure:
        """Return the pose with a camera of the estimated focal length, or why there is none."""
        ...


class FocalSearch:
    """Searches among the best matches, then among more; the first believed pose is returned.

    The pose is not polished on guided pairs, as the focal length would have to move with it.
    """

    def __init__(
        self, solver: FocalSolver, guess: Camera, *, config: GuidedSearchConfig, clock: StageClock
    ) -> None:
        self._solver = solver
        self._guess = guess
        self._config = config
        self._clock = clock

    def run(self, first: Correspondences, table: GuideTable) -> PoseEstimate | PoseFailure:
        """Return pose and camera, or why the last search was not believed."""
        result: PoseEstimate | PoseFailure = PoseFailure("too few matches for a pose", len(first))
        for size in dict.fromkeys(
            prefix_sizes(len(first), self._config.verification.search_shares)
        ):
            with self._clock.stage("solve"):
                result = self._solver.solve(first.where(np.arange(len(first)) < size), self._guess)
            if isinstance(result, PoseFailure):
                continue
            with self._clock.stage("judge"):
                result = self._verified(result, first, table)
            if isinstance(result, PoseEstimate):
                return result
        return result

    def _verified(
        self, found: PoseEstimate, first: Correspondences, table: GuideTable
    ) -> PoseEstimate | PoseFailure:
        points = undistort(first, found.camera)
        pose = points.from_world(found.cam_from_world)
        verification = self._config.verification
        evidence = evidence_for(
            Candidate(first, found.camera, points, pose),
            table,
            effort=self._solver.effort,
            radius_px=self._config.guided_passes[0][0],  # the pose is not polished
            config=verification,
        )
        defect = evidence_defect(evidence, verification)
        if defect is not None:
            return PoseFailure(defect, len(first), evidence.num_agreeing)
        return found
