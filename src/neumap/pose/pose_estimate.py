"""What a localisation returns: a pose with its evidence, or the reason why there is none."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from neumap.geometry import Camera, RigidTransform


@dataclass(frozen=True, eq=False)
class Correspondences:
    """Pixels and the world points they are believed to show, best confidence first."""

    xy_img: Float[np.ndarray, "pair 2"]
    """Stored pixels, corner origin, distorted as the camera is."""
    xyz_in_world: Float[np.ndarray, "pair 3"]
    confidence: Float[np.ndarray, " pair"]
    """Probability-like score in [0, 1]; orders the pairs."""

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.xy_img)

    def where(self, is_kept: Bool[np.ndarray, " pair"]) -> "Correspondences":
        """Return some of the pairs, in their order."""
        return Correspondences(
            self.xy_img[is_kept], self.xyz_in_world[is_kept], self.confidence[is_kept]
        )


@dataclass(frozen=True, eq=False)
class PoseEstimate:
    """A pose and the correspondences it rests on."""

    cam_from_world: RigidTransform
    camera: Camera
    """The query's camera; its focal length is an estimate where it was not known."""
    correspondences: Correspondences
    is_inlier: Bool[np.ndarray, " pair"]
    residuals_px: Float[np.ndarray, " pair"]
    """Reprojection errors in pixels of the undistorted image; inf behind the camera."""
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
    """Wall time by stage: decode, features, match, solve, guided, judge."""

    @property
    def num_inliers(self) -> int:
        """Number of correspondences within the last stage's threshold."""
        return int(self.is_inlier.sum())

    @property
    def inlier_ratio(self) -> float:
        """Share of the correspondences that are inliers."""
        return float(self.is_inlier.mean()) if len(self.is_inlier) else 0.0


@dataclass(frozen=True, eq=False)
class PoseFailure:
    """No pose: never replaced by a guess."""

    reason: str
    """One sentence a user can act on."""
    num_correspondences: int = 0
    num_inliers: int = 0
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
