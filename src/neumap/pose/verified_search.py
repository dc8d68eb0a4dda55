"""Several searches for a pose, each looked at again near its projections, the best one judged."""

from dataclasses import dataclass, field

import numpy as np

from neumap.geometry import Camera, RigidTransform
from neumap.pose.acceptance import AcceptanceConfig, SearchEffort
from neumap.pose.default_solver import default_solver
from neumap.pose.guided_matching import GuideTable, match_near_projections
from neumap.pose.ideal_points import IdealPoints, undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate, Hypothesis, SolverConfig, judge
from neumap.pose.stage_clock import StageClock
from neumap.pose.verification import (
    PoseEvidence,
    VerificationConfig,
    evidence_defect,
    evidence_for,
    nats_of_first,
    prefix_sizes,
)

_LAST_ROUNDS = 3  # of the last pass's polish; the others only lead to its pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class GuidedSearchConfig:
    """How poses are searched and polished; pixels are those of the photo."""

    threshold_px: float
    """Largest error of a match in the first search."""
    guided_passes: tuple[tuple[float, float], ...]
    """(search radius, threshold) of each guided pass; at least one."""
    min_guided_pairs: int
    """Fewer pairs than this end the guided passes, fewer agreeing ones are no pose."""
    seed: int
    verification: VerificationConfig = field(default_factory=VerificationConfig)


@dataclass(frozen=True, eq=False)
class _Trial:
    """One searched pose, polished on guided pairs, with what speaks for it."""

    guided: Candidate
    threshold_px: float
    evidence: PoseEvidence
    defect: str | None

    @property
    def rank(self) -> tuple[bool, float]:
        """Larger is better."""
        return self.defect is None, self.evidence.nats


class VerifiedSearch:
    """Searches one photo's pose among its first matches, with a table to look again."""

    def __init__(
        self,
        first: Correspondences,
        table: GuideTable,
        camera: Camera,
        *,
        config: GuidedSearchConfig,
        clock: StageClock,
    ) -> None:
        self._first = first
        self._table = table
        self._camera = camera
        self._config = config
        self._clock = clock

    def run_if_sure(self) -> PoseEstimate | None:
        """Return the pose that the best matches are sure of; None if more has to be weighed."""
        points = undistort(self._first, self._camera)
        verification = self._config.verification
        size = prefix_sizes(len(points), verification.search_shares)[0]
        found = self._search(points, size)
        if found is None:
            return None
        with self._clock.stage("judge"):
            nats = nats_of_first(
                Candidate(self._first, self._camera, points, found.cam_from_shifted),
                effort=self._effort_of(found),
                config=verification,
            )
        if nats < verification.sure_nats:
            return None
        trial = self._polished(points, found, has_rival=False)
        if trial is None or trial.evidence.first_nats < verification.sure_nats:
            return None
        result = self._judged(trial)
        return result if isinstance(result, PoseEstimate) else None

    def run(self) -> PoseEstimate | PoseFailure:
        """Return the pose of most evidence, or why none is believed.

        The best matches are searched first. The others follow while the matches alone leave
        doubt, because a pose that some of them hide may then be seen.
        """
        points = undistort(self._first, self._camera)
        verification = self._config.verification
        best: _Trial | None = None
        for size in dict.fromkeys(prefix_sizes(len(points), verification.search_shares)):
            found = self._search(points, size)
            if found is None:
                continue
            trial = self._polished(points, found, has_rival=best is not None)
            if trial is not None and (best is None or trial.rank > best.rank):
                best = trial
            if best is not None and best.evidence.first_nats >= verification.sure_nats:
                break
        if best is None:
            return PoseFailure("too few matches for a pose", len(self._first))
        return self._judged(best)

    def _search(self, points: IdealPoints, size: int) -> Hypothesis | None:
        """Search the best matches; None if no pose fits them."""
        if size < 4:
            return None
        solver = default_solver(
            SolverConfig(threshold_px=self._config.threshold_px, seed=self._config.seed)
        )
        with self._clock.stage("solve"):
            return solver.search(points.where(np.arange(len(points)) < size))

    def _polished(
        self, points: IdealPoints, found: Hypothesis, *, has_rival: bool
    ) -> _Trial | None:
        """Polish a pose on guided pairs and weigh it; None if too few codes are seen there."""
        with self._clock.stage("guided"):
            guided = self._look_again(points.to_world(found.cam_from_shifted))
        if guided is None:
            return None
        candidate, threshold_px = guided
        pose = candidate.points.to_world(candidate.cam_from_shifted)
        with self._clock.stage("judge"):
            evidence = evidence_for(
                Candidate(self._first, self._camera, points, points.from_world(pose)),
                self._table,
                effort=self._effort_of(found),
                radius_px=self._config.guided_passes[-1][0],
                config=self._config.verification,
                has_rival=has_rival,
            )
        defect = evidence_defect(evidence, self._config.verification)
        return _Trial(candidate, threshold_px, evidence, defect)

    def _judged(self, trial: _Trial) -> PoseEstimate | PoseFailure:
        if trial.defect is not None:
            return PoseFailure(trial.defect, len(self._first), trial.evidence.num_agreeing)
        with self._clock.stage("judge"):
            limits = AcceptanceConfig(min_inliers=self._config.min_guided_pairs)
            return judge(trial.guided, SearchEffort(1, trial.threshold_px), limits)

    def _effort_of(self, found: Hypothesis) -> SearchEffort:
        return SearchEffort(found.num_hypotheses, self._config.threshold_px)

    def _look_again(self, pose: RigidTransform) -> tuple[Candidate, float] | None:
        """Run the guided passes; the last pairs with their pose, and the threshold, or None."""
        best: tuple[Candidate, float] | None = None
        passes = self._config.guided_passes
        for number, (radius_px, threshold_px) in enumerate(passes, start=1):
            pairs = match_near_projections(self._table, pose, self._camera, radius_px=radius_px)
            if len(pairs) < self._config.min_guided_pairs:
                break
            points = undistort(pairs, self._camera)
            solver = default_solver(SolverConfig(threshold_px=threshold_px, seed=self._config.seed))
            # The pose that the pairs were found with is near: it is improved, not searched anew.
            num_rounds = _LAST_ROUNDS if number == len(passes) else 1
            polished = solver.polish(points, points.from_world(pose), num_rounds=num_rounds)
            if polished is None:
                break
            pose = points.to_world(polished)
            best = Candidate(pairs, self._camera, points, polished), threshold_px
        return best
