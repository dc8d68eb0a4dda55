"""Undistorted correspondences: what every solver works on, whatever the camera model."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from neumap.geometry import Camera, RigidTransform
from neumap.pose.pose_estimate import Correspondences


@dataclass(frozen=True, eq=False)
class IdealPoints:
    """Finite pairs in the ideal pinhole image of the camera's mean focal length.

    World points are shifted by `origin`, so that large coordinates (UTM) lose no digits.
    """

    xy_px: Float[np.ndarray, "pair 2"]
    """Pixels of the undistorted image, relative to the principal point."""
    xyz: Float[np.ndarray, "pair 3"]
    """World points minus `origin`."""
    origin: Float[np.ndarray, "3"]
    focal_px: float
    is_used: Bool[np.ndarray, " all"]
    """Which of the given correspondences are finite and have a ray."""

    def __len__(self) -> int:
        """Return the number of usable pairs."""
        return len(self.xy_px)

    def where(self, is_kept: Bool[np.ndarray, " pair"]) -> "IdealPoints":
        """Return some of the pairs, of the same origin; `is_used` stays that of all pairs."""
        return replace(self, xy_px=self.xy_px[is_kept], xyz=self.xyz[is_kept])

    def to_world(self, cam_from_shifted: RigidTransform) -> RigidTransform:
        """Turn a pose for `xyz` into cam_from_world."""
        return cam_from_shifted @ RigidTransform(np.eye(3), -self.origin)

    def from_world(self, cam_from_world: RigidTransform) -> RigidTransform:
        """Turn cam_from_world into the pose for `xyz`."""
        return cam_from_world @ RigidTransform(np.eye(3), self.origin)

    def residuals_px(self, cam_from_shifted: RigidTransform) -> Float[np.ndarray, " pair"]:
        """Reprojection errors in ideal pixels; inf for points at or behind the camera."""
        xyz_in_cam = cam_from_shifted.apply(self.xyz)
        in_front = xyz_in_cam[:, 2] > 1e-9
        depth = np.where(in_front, xyz_in_cam[:, 2], 1.0)
        gap = self.focal_px * xyz_in_cam[:, :2] / depth[:, None] - self.xy_px
        return np.where(in_front, np.hypot(gap[:, 0], gap[:, 1]), np.inf)


def undistort(correspondences: Correspondences, camera: Camera) -> IdealPoints:
    """Undistort the pixels and drop pairs that hold NaN, infinity or no ray."""
    normalised = camera.cam_from_img(np.asarray(correspondences.xy_img, dtype=np.float64))
    xyz = np.asarray(correspondences.xyz_in_world, dtype=np.float64)
    is_used = np.asarray(np.isfinite(np.column_stack([normalised, xyz])).all(axis=1))
    origin = np.median(xyz[is_used], axis=0) if is_used.any() else np.zeros(3)
    xy_px = normalised[is_used] * camera.focal_px
    return IdealPoints(xy_px, xyz[is_used] - origin, origin, camera.focal_px, is_used)
