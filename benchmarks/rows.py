"""Rows of a table: all queries of one method on one set, each scored, and their figures."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.evaluation.pose_error import position_error, rotation_error_deg
from neumap.features import LocalFeatures
from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage
from neumap.localizer import Localizer, LocalizerConfig, SceneReader
from neumap.pose import PoseFailure
from neumap.pose.guided_matching import GuideTable

_RIGHT_PX = 8.0  # a first match this near to where the true pose puts its point is right
_REFERENCE_SIDE = 640


@dataclass
class Row:
    """All queries of one method on one set."""

    map_bytes: list[int] = field(default_factory=list[int])
    position_error: list[float] = field(default_factory=list[float])
    rotation_error_deg: list[float] = field(default_factory=list[float])
    num_inliers: list[int] = field(default_factory=list[int])
    inlier_ratio: list[float] = field(default_factory=list[float])
    query_ms: list[float] = field(default_factory=list[float])
    num_right: list[int] = field(default_factory=list[int])
    """First matches within 8 px of where the true pose puts their point."""
    right_ratio: list[float] = field(default_factory=list[float])
    """Their share of the first matches."""
    seed: list[int] = field(default_factory=list[int])
    """Seed of the mapping, for each query."""

    def summary(self) -> dict[str, object]:
        """Medians, percentiles and counts over all queries; null for infinite."""
        position, rotation = np.array(self.position_error), np.array(self.rotation_error_deg)
        within = (position <= 0.05) & (rotation <= 5.0)
        return {
            "map_bytes": int(np.median(self.map_bytes)),
            "num_queries": len(position),
            "num_failed": int(np.isinf(position).sum()),
            "median_position_error": _percentile(position, 50),
            "p75_position_error": _percentile(position, 75),
            "p90_position_error": _percentile(position, 90),
            "median_rotation_error_deg": _percentile(rotation, 50),
            "within_5cm_5deg": round(float(within.mean()), 4),
            "num_inliers_median": int(np.median(self.num_inliers)),
            "inlier_ratio_median": round(float(np.median(self.inlier_ratio)), 3),
            "match_and_solve_ms_median": round(float(np.median(self.query_ms)), 1),
        }

    def failures(self, failure_above: float) -> dict[str, object]:
        """Counts of failures, and first matches that fit the true pose; spread over seeds.

        A failure is a query without a pose or with a larger position error than `failure_above`.
        """
        position, seed = np.array(self.position_error), np.array(self.seed)
        failed = ~(position <= failure_above)
        figures: dict[str, object] = {
            "num_failures": int(failed.sum()),
            "first_right_mean": round(float(np.mean(self.num_right)), 1),
            "first_ratio_mean": round(float(np.mean(self.right_ratio)), 4),
        }
        if len(np.unique(seed)) > 1:
            figures["by_seed"] = [
                {
                    "median_position_error": _percentile(position[seed == s], 50),
                    "p75_position_error": _percentile(position[seed == s], 75),
                    "num_failures": int(failed[seed == s].sum()),
                }
                for s in np.unique(seed)
            ]
        return figures

    def add_missed(self, count: int) -> None:
        """Add queries of a map that could not be built: each is a miss."""
        self.map_bytes.append(0)
        for _ in range(count):
            self._add(np.inf, np.inf, inliers=(0, 0.0), right=(0, 0.0), spent_ms=0.0)
        self.seed += [0] * count

    def add_queries(
        self,
        reader: SceneReader,
        queries: Sequence[tuple[PosedImage, LocalFeatures]],
        *,
        seed: int = 0,
        config: LocalizerConfig | None = None,
    ) -> None:
        """Localise every query and add it to the row; `seed` is that of the map."""
        recorder = _Recorder(reader)
        localizer = Localizer(XFeatExtractor(), recorder, config=config)
        self.seed += [seed] * len(queries)
        for image, features in queries:
            start = time.perf_counter()
            size = (image.camera.width, image.camera.height)
            result = localizer.localize_features(features, size=size, camera=image.camera)
            spent_ms = 1000 * (time.perf_counter() - start)
            right = _right_matches(recorder.last, image, features)
            if isinstance(result, PoseFailure):
                self._add(np.inf, np.inf, inliers=(0, 0.0), right=right, spent_ms=spent_ms)
                continue
            assert image.cam_from_world is not None  # the sets have a pose for every frame
            self._add(
                position_error(result.cam_from_world, image.cam_from_world),
                rotation_error_deg(result.cam_from_world, image.cam_from_world),
                inliers=(result.num_inliers, result.inlier_ratio),
                right=right,
                spent_ms=spent_ms,
            )

    def _add(
        self,
        position: float,
        rotation_deg: float,
        *,
        inliers: tuple[int, float],
        right: tuple[int, float],
        spent_ms: float,
    ) -> None:
        self.position_error.append(position)
        self.rotation_error_deg.append(rotation_deg)
        self.num_inliers.append(inliers[0])
        self.inlier_ratio.append(inliers[1])
        self.num_right.append(right[0])
        self.right_ratio.append(right[1])
        self.query_ms.append(spent_ms)


class _Recorder:
    """Passes a reader's answers on and remembers the last first matches."""

    def __init__(self, reader: SceneReader) -> None:
        self._reader = reader
        self.last = SceneCoordinates.empty()

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points."""
        self.last = self._reader.predict(features)
        return self.last

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return what a guided pass needs."""
        return self._reader.guide(features)


def _right_matches(
    first: SceneCoordinates, image: PosedImage, features: LocalFeatures
) -> tuple[int, float]:
    """Number and share of the first matches that fit the true pose."""
    assert image.cam_from_world is not None  # the sets have a pose for every frame
    if len(first) == 0:
        return 0, 0.0
    xy = image.camera.img_from_cam(image.cam_from_world.apply(first.xyz_in_world))
    radius_px = _RIGHT_PX * max(1.0, max(image.camera.width, image.camera.height) / _REFERENCE_SIDE)
    gap_px = np.linalg.norm(xy - features.xy_img[first.pixel_idx], axis=1)
    num_right = int((gap_px <= radius_px).sum())  # a point behind the camera is NaN: not right
    return num_right, num_right / len(first)


def _percentile(values: Float[np.ndarray, " query"], percent: int) -> float | None:
    """One of the values, rounded for JSON; None if it is infinite."""
    value = float(np.percentile(values, percent, method="higher"))
    return round(value, 5) if np.isfinite(value) else None
