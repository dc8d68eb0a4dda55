"""Points of tracks from all their views at once, poses fixed: linear start, robust refinement.

Everything is batched over points: sums over observations are segment sums.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

_CAUCHY_PX = 1.5  # residuals beyond this count less; about the noise of a key-point


@dataclass(frozen=True, eq=False)
class Observations:
    """Rays of all tracks, sorted by point, with the depth where a sensor gave one."""

    point_idx: Int[np.ndarray, " obs"]
    rotation: Float[np.ndarray, "obs 3 3"]
    """cam_from_world rotation of the observing view."""
    translation: Float[np.ndarray, "obs 3"]
    xy_cam: Float[np.ndarray, "obs 2"]
    focal_px: Float[np.ndarray, " obs"]
    depth: Float[np.ndarray, " obs"]
    """z in the view in scene units, NaN where unknown."""
    depth_sigma: Float[np.ndarray, " obs"]

    def select(self, keep: Bool[np.ndarray, " obs"]) -> "Observations":
        """Return the observations where `keep` is true."""
        return Observations(
            *(self.point_idx[keep], self.rotation[keep], self.translation[keep]),
            *(self.xy_cam[keep], self.focal_px[keep], self.depth[keep], self.depth_sigma[keep]),
        )


def _segment_sum(
    values: Float[np.ndarray, "obs *rest"], index: Int[np.ndarray, " obs"], count: int
) -> Float[np.ndarray, "point *rest"]:
    flat = values.reshape(len(values), math.prod(values.shape[1:]))  # -1 fails without values
    columns = [np.bincount(index, flat[:, c], minlength=count) for c in range(flat.shape[1])]
    sums = np.stack(columns, axis=1).reshape(count, *values.shape[1:])
    return sums.astype(np.float64)  # of nothing, bincount returns integers


def _solve(
    normal: Float[np.ndarray, "point 3 3"], right: Float[np.ndarray, "point 3"]
) -> np.ndarray:
    trace = np.trace(normal, axis1=1, axis2=2)[:, None, None]
    damped = normal + (1e-9 * trace + 1e-12) * np.eye(3)
    return np.linalg.solve(damped, right[..., None])[..., 0]


def linear_points(obs: Observations, num_points: int) -> Float[np.ndarray, "point 3"]:
    """Points nearest to all rays; a known depth adds a plane across its ray."""
    rays = np.concatenate([obs.xy_cam, np.ones((len(obs.xy_cam), 1))], axis=1)
    lengths = np.linalg.norm(rays, axis=1, keepdims=True)
    directions = np.einsum("nji,nj->ni", obs.rotation, rays / lengths)
    centers = -np.einsum("nji,nj->ni", obs.rotation, obs.translation)
    across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
    normal, right = across, np.einsum("nij,nj->ni", across, centers)
    has_depth = np.isfinite(obs.depth)
    end = centers + directions * lengths * np.where(has_depth, obs.depth, 0.0)[:, None]
    weight = np.where(has_depth, 1.0, 0.0)[:, None]
    normal = normal + weight[:, :, None] * (np.eye(3) - across)
    right = right + weight * np.einsum("nij,nj->ni", np.eye(3) - across, end)
    sums = _segment_sum(normal, obs.point_idx, num_points)
    return _solve(sums, _segment_sum(right, obs.point_idx, num_points))


def reprojection(
    obs: Observations, xyz_in_world: Float[np.ndarray, "point 3"]
) -> tuple[Float[np.ndarray, "obs 2"], Float[np.ndarray, "obs 3"]]:
    """Residuals in pixels and the points in the observing cameras; behind gives inf."""
    in_cam = np.einsum("nij,nj->ni", obs.rotation, xyz_in_world[obs.point_idx]) + obs.translation
    z = in_cam[:, 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = (in_cam[:, :2] / z - obs.xy_cam) * obs.focal_px[:, None]
    return np.where(z > 1e-9, residual, np.inf), in_cam


def refine_points(
    obs: Observations, xyz_in_world: Float[np.ndarray, "point 3"], *, iterations: int = 8
) -> Float[np.ndarray, "point 3"]:
    """Gauss-Newton on reprojection and depth residuals with Cauchy weights."""
    xyz = xyz_in_world.copy()
    num_points = len(xyz)
    for _ in range(iterations):
        residual, in_cam = reprojection(obs, xyz)
        valid = np.isfinite(residual[:, 0]) & np.isfinite(residual[:, 1])
        residual = np.where(valid[:, None], residual, 0.0)
        z = np.where(valid, in_cam[:, 2], 1.0)
        scale = obs.focal_px / z
        by_cam = np.zeros((len(z), 2, 3))
        by_cam[:, 0, 0] = by_cam[:, 1, 1] = scale
        by_cam[:, :, 2] = -in_cam[:, :2] * (scale / z)[:, None]
        jacobian = by_cam @ obs.rotation
        weight = valid.astype(np.float64) / (1 + (residual**2).sum(1) / _CAUCHY_PX**2)
        normal = np.einsum("n,nki,nkj->nij", weight, jacobian, jacobian)
        right = -np.einsum("n,nki,nk->ni", weight, jacobian, residual)
        gap = np.where(np.isfinite(obs.depth), in_cam[:, 2] - obs.depth, 0.0) / obs.depth_sigma
        pull = valid * np.isfinite(obs.depth) / (1 + gap**2 / 4) / obs.depth_sigma
        axis = obs.rotation[:, 2]
        normal += (pull / obs.depth_sigma)[:, None, None] * axis[:, :, None] * axis[:, None, :]
        right -= (pull * gap)[:, None] * axis
        sums = _segment_sum(normal, obs.point_idx, num_points)
        xyz = xyz + _solve(sums, _segment_sum(right, obs.point_idx, num_points))
    return xyz


def largest_angle_deg(
    obs: Observations, xyz_in_world: Float[np.ndarray, "point 3"]
) -> Float[np.ndarray, " point"]:
    """Largest angle between the rays of a point and their mean direction, doubled."""
    centers = -np.einsum("nji,nj->ni", obs.rotation, obs.translation)
    rays = xyz_in_world[obs.point_idx] - centers
    rays = rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)
    mean = _segment_sum(rays, obs.point_idx, len(xyz_in_world))
    mean = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    angle = np.degrees(np.arccos(np.clip((rays * mean[obs.point_idx]).sum(1), -1, 1)))
    out = np.zeros(len(xyz_in_world))
    np.maximum.at(out, obs.point_idx, angle)
    return 2 * out
