"""From one photo to its pose: describe, read the map, solve, look again, judge."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.errors import OptionError, PhotoError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.geometry import Camera, RigidTransform
from neumap.pose.acceptance import AcceptanceConfig, SearchEffort
from neumap.pose.default_solver import default_solver
from neumap.pose.guided_matching import GuideTable, match_near_projections
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate, SolverConfig, judge

_REFERENCE_SIDE = 640  # thresholds are given for photos of this longest side

Quality = Literal["full", "fast", "fastest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalizerConfig:
    """How a pose is searched for; pixels are those of a photo of 640 px."""

    threshold_px: float = 8.0
    """Largest error of a match in the first search."""
    guided_passes: tuple[tuple[float, float], ...] = ((10.0, 6.0), (5.0, 4.0))
    """(search radius, threshold) of each guided pass; empty switches the stage off."""
    min_guided_pairs: int = 12
    """Fewer pairs than this end the guided passes."""
    min_inlier_ratio: float = 0.2
    """Inliers over matches of the first search below which there is no pose. The decoder lets
    matches of neighbouring pixels support each other, so that wrong ones agree in groups, which
    no bound on chance covers: photos of other places reached 0.17, right poses had 0.25 or more.
    """
    max_key_points: int = 2000
    """Key-points that are matched, best first; maps state how many a photo is described by."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.max_key_points < 1:
            raise OptionError(
                "max_key_points", f"{self.max_key_points} is out of range", "Use at least 1."
            )
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


@dataclass
class _Clock:
    """Adds up wall time by stage."""

    timings_ms: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = 1000 * (time.perf_counter() - start)
            self.timings_ms[name] = self.timings_ms.get(name, 0.0) + spent


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
        clock = _Clock()
        with clock.stage("features"):
            features = self._extractor.extract(rgb)
        return self.localize_features(features, size=(width, height), camera=camera, clock=clock)

    def localize_features(
        self,
        features: LocalFeatures,
        *,
        size: tuple[int, int],
        camera: Camera | None,
        clock: _Clock | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Localise a photo of the given (width, height) that is already described."""
        clock = clock if clock is not None else _Clock()
        features = features.best(self._config.max_key_points)
        with clock.stage("match"):
            coordinates = self._reader.predict(features)
        first = Correspondences(
            features.xy_img[coordinates.pixel_idx],
            coordinates.xyz_in_world,
            coordinates.confidence.astype(np.float64),
        )
        scale = max(1.0, max(size) / _REFERENCE_SIDE)
        if camera is None:
            result = self._solve_unknown_focal(first, size, scale, clock)
        else:
            result = self._solve(first, features, camera, scale, clock)
        return replace(result, timings_ms=dict(clock.timings_ms))

    def _solve_unknown_focal(
        self, first: Correspondences, size: tuple[int, int], scale: float, clock: _Clock
    ) -> PoseEstimate | PoseFailure:
        from neumap.pose.focal_solver import UnknownFocalSolver  # imports pycolmap

        width, height = size
        focal = 1.2 * max(size)  # a start; the solver replaces it
        guess = Camera.pinhole(width, height, fx=focal, fy=focal, cx=width / 2, cy=height / 2)
        config = self._first_search(scale)
        with clock.stage("solve"):
            return UnknownFocalSolver(config).solve(first, guess)

    def _solve(
        self,
        first: Correspondences,
        features: LocalFeatures,
        camera: Camera,
        scale: float,
        clock: _Clock,
    ) -> PoseEstimate | PoseFailure:
        """Search, look again near the projections, then judge by the first, independent matches."""
        threshold_px = self._config.threshold_px * scale
        solver = default_solver(self._first_search(scale))
        with clock.stage("solve"):
            points = undistort(first, camera)
            found = solver.search(points) if len(points) >= 4 else None
        if found is None:
            return PoseFailure("too few matches for a pose", len(first))
        effort = SearchEffort(found.num_hypotheses, threshold_px)
        acceptance = solver.config.acceptance
        with clock.stage("guided"):
            guided = self._look_again(
                points.to_world(found.cam_from_shifted), features, camera, scale
            )
        with clock.stage("judge"):
            start = Candidate(first, camera, points, found.cam_from_shifted)
            if guided is None:
                return judge(start, effort, acceptance)
            last, last_px = guided
            # Guided pairs lie near their projections whatever the pose: only the first matches,
            # found without it, are evidence against chance.
            pose = points.from_world(last.points.to_world(last.cam_from_shifted))
            verdict = judge(replace(start, cam_from_shifted=pose), effort, acceptance)
            if isinstance(verdict, PoseFailure):
                return verdict
            return judge(last, SearchEffort(1, last_px), acceptance)

    def _first_search(self, scale: float) -> SolverConfig:
        return SolverConfig(
            threshold_px=self._config.threshold_px * scale,
            seed=self._config.seed,
            acceptance=AcceptanceConfig(min_inlier_ratio=self._config.min_inlier_ratio),
        )

    def _look_again(
        self, pose: RigidTransform, features: LocalFeatures, camera: Camera, scale: float
    ) -> tuple[Candidate, float] | None:
        """Run the guided passes; the last pairs with their pose, and the threshold, or None."""
        table = self._reader.guide(features) if self._config.guided_passes else None
        if table is None:
            return None
        best: tuple[Candidate, float] | None = None
        for radius_px, threshold_px in self._config.guided_passes:
            pairs = match_near_projections(table, pose, camera, radius_px=radius_px * scale)
            if len(pairs) < self._config.min_guided_pairs:
                break
            config = SolverConfig(threshold_px=threshold_px * scale, seed=self._config.seed)
            points = undistort(pairs, camera)
            # The pose that the pairs were found with is near: it is improved, not searched anew.
            polished = default_solver(config).polish(points, points.from_world(pose))
            if polished is None:
                break
            pose = points.to_world(polished)
            best = Candidate(pairs, camera, points, polished), threshold_px * scale
        return best
