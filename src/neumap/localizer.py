"""From one photo to its pose: describe, read the map, solve, look again, judge."""

from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.errors import OptionError, PhotoError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.geometry import Camera
from neumap.pose.acceptance import AcceptanceConfig, SearchEffort
from neumap.pose.default_solver import default_solver
from neumap.pose.guided_matching import GuideTable
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate, SolverConfig, judge
from neumap.pose.stage_clock import StageClock
from neumap.pose.verification import VerificationConfig
from neumap.pose.verified_focal import FocalSearch
from neumap.pose.verified_search import GuidedSearchConfig, VerifiedSearch

_REFERENCE_SIDE = 640  # thresholds are given for photos of this longest side

Quality = Literal["full", "fast", "fastest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalizerConfig:
    """How a pose is searched for; pixels are those of a photo of 640 px."""

    threshold_px: float = 8.0
    """Largest error of a match in the first search."""
    guided_passes: tuple[tuple[float, float], ...] = ((10.0, 6.0), (5.0, 4.0))
    """(search radius, threshold) of each guided pass; empty switches the stage off."""
    min_guided_pairs: int = 8
    """Fewer pairs than this end the guided passes, fewer agreeing ones are no pose."""
    verification: VerificationConfig = field(default_factory=VerificationConfig)
    """What is believed where codes have positions, so that they can be looked for again."""
    min_inlier_ratio: float = 0.2
    """Inliers over matches below which there is no pose where codes have none, or without guided
    passes. Wrong matches support each other, which no bound on chance covers."""
    max_key_points: int = 2000
    """Key-points that are matched, best first; maps state how many a photo is described by."""
    first_key_points: int = 1400
    """So many of them, best first, are matched alone where they make a pose sure (decision 004);
    the guided passes look at all."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for name in ("max_key_points", "first_key_points"):
            if getattr(self, name) < 1:
                raise OptionError(name, f"{getattr(self, name)} is out of range", "Use at least 1.")
        if not 0 <= self.min_inlier_ratio <= 1:
            raise OptionError(
                "min_inlier_ratio", f"{self.min_inlier_ratio} is out of range", "Use 0 to 1."
            )
        if self.threshold_px <= 0 or any(min(p) <= 0 for p in self.guided_passes):
            raise OptionError("LocalizerConfig", f"{self} is out of range", "Use positive values.")

    @classmethod
    def of_quality(cls, quality: Quality) -> "LocalizerConfig":
        """Return the settings of a trade of time against accuracy (decision 004 has the table)."""
        if quality == "full":
            return cls()
        return cls(max_key_points=1000 if quality == "fast" else 500)


@runtime_checkable
class SceneReader(Protocol):
    """A decoder bound to the codes of one scene."""

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points."""
        ...

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return what a guided pass needs; None if the codes have no anchors."""
        ...


class Localizer:
    """Localises photos in one map; holds networks and codes, keeps nothing of the photos."""

    def __init__(
        self,
        extractor: AbstractExtractor,
        reader: SceneReader,
        *,
        config: LocalizerConfig | None = None,
    ) -> None:
        self._extractor = extractor
        self._reader = reader
        self._config = config if config is not None else LocalizerConfig()

    def localize(
        self, rgb: UInt8[np.ndarray, "height width 3"], *, camera: Camera | None
    ) -> PoseEstimate | PoseFailure:
        """Return cam_from_world in the map's frame, or why there is none.

        Without a camera the focal length is estimated with the pose, the principal point taken
        at the centre and distortion ignored. Raises PhotoError if the photo's size is not the
        camera's.
        """
        height, width = rgb.shape[:2]
        if camera is not None and (camera.width, camera.height) != (width, height):
            hint = (
                " (rotated by 90 deg?)" if (camera.height, camera.width) == (width, height) else ""
            )
            raise PhotoError(
                "photo",
                f"is {width} x {height} pixels, its camera {camera.width} x {camera.height}{hint}",
                "Give the camera of the stored pixels.",
            )
        clock = StageClock()
        with clock.stage("features"):
            features = self._extractor.extract(rgb)
        return self.localize_features(features, size=(width, height), camera=camera, clock=clock)

    def localize_features(
        self,
        features: LocalFeatures,
        *,
        size: tuple[int, int],
        camera: Camera | None,
        clock: StageClock | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Localise a photo of the given (width, height) that is already described."""
        clock = clock if clock is not None else StageClock()
        features = features.best(self._config.max_key_points)
        scale = max(1.0, max(size) / _REFERENCE_SIDE)
        if camera is None:
            result = self._solve_unknown_focal(features, size, scale, clock)
        else:
            result = self._solve(features, camera, scale, clock)
        return replace(result, timings_ms=dict(clock.timings_ms))

    def _match(self, features: LocalFeatures, clock: StageClock) -> Correspondences:
        with clock.stage("match"):
            coordinates = self._reader.predict(features)
        return Correspondences(
            features.xy_img[coordinates.pixel_idx],
            coordinates.xyz_in_world,
            coordinates.confidence.astype(np.float64),
        )

    def _solve_unknown_focal(
        self, features: LocalFeatures, size: tuple[int, int], scale: float, clock: StageClock
    ) -> PoseEstimate | PoseFailure:
        from neumap.pose.focal_solver import UnknownFocalSolver  # imports pycolmap

        first = self._match(features, clock)
        width, height = size
        focal = 1.2 * max(size)  # a start; the solver replaces it
        guess = Camera.pinhole(width, height, fx=focal, fy=focal, cx=width / 2, cy=height / 2)
        table = self._guide(features, clock)
        solver = UnknownFocalSolver(self._first_search(scale, is_verified=table is not None))
        if table is None:
            with clock.stage("solve"):
                return solver.solve(first, guess)
        search = FocalSearch(solver, guess, config=self._guided_search(scale), clock=clock)
        return search.run(first, table)

    def _solve(
        self, features: LocalFeatures, camera: Camera, scale: float, clock: StageClock
    ) -> PoseEstimate | PoseFailure:
        """Search and verify with the codes seen; without a guide, judge by the first matches."""
        table = self._guide(features, clock)
        config = self._guided_search(scale)
        if table is not None and len(features) > self._config.first_key_points:
            first = self._match(features.best(self._config.first_key_points), clock)
            search = VerifiedSearch(first, table, camera, config=config, clock=clock)
            sure = search.run_if_sure()
            if sure is not None:
                return sure
        first = self._match(features, clock)
        if table is not None:
            return VerifiedSearch(first, table, camera, config=config, clock=clock).run()
        solver = default_solver(self._first_search(scale))
        with clock.stage("solve"):
            points = undistort(first, camera)
            found = solver.search(points) if len(points) >= 4 else None
        if found is None:
            return PoseFailure("too few matches for a pose", len(first))
        effort = SearchEffort(found.num_hypotheses, solver.config.threshold_px)
        with clock.stage("judge"):
            start = Candidate(first, camera, points, found.cam_from_shifted)
            return judge(start, effort, solver.config.acceptance)

    def _guided_search(self, scale: float) -> GuidedSearchConfig:
        return GuidedSearchConfig(
            threshold_px=self._config.threshold_px * scale,
            guided_passes=tuple(
                (radius * scale, threshold * scale)
                for radius, threshold in self._config.guided_passes
            ),
            min_guided_pairs=self._config.min_guided_pairs,
            seed=self._config.seed,
            verification=self._config.verification,
        )

    def _guide(self, features: LocalFeatures, clock: StageClock) -> GuideTable | None:
        with clock.stage("guided"):
            return self._reader.guide(features) if self._config.guided_passes else None

    def _first_search(self, scale: float, *, is_verified: bool = False) -> SolverConfig:
        ratio = 0.0 if is_verified else self._config.min_inlier_ratio
        return SolverConfig(
            threshold_px=self._config.threshold_px * scale,
            seed=self._config.seed,
            acceptance=AcceptanceConfig(min_inlier_ratio=ratio),
        )
