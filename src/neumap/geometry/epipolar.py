"""How far matches are from the epipolar geometry of two known poses."""

import numpy as np
from jaxtyping import Float

from neumap.geometry.rigid_transform import RigidTransform


def sampson_residuals_px(
    cam_b_from_cam_a: RigidTransform,
    xy_cam_a: Float[np.ndarray, "match 2"],
    xy_cam_b: Float[np.ndarray, "match 2"],
    *,
    focal_px: float,
) -> Float[np.ndarray, " match"]:
    """First-order epipolar error in pixels (Hartley & Zisserman, eq. 11.9).

    Positions are undistorted normalised coordinates; NaN where a match lies on both epipoles.
    """
    x, y, z = cam_b_from_cam_a.translation
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    essential = cross @ cam_b_from_cam_a.rotation
    rays_a = np.column_stack([xy_cam_a, np.ones(len(xy_cam_a))])
    rays_b = np.column_stack([xy_cam_b, np.ones(len(xy_cam_b))])
    lines_b, lines_a = rays_a @ essential.T, rays_b @ essential
    algebraic = np.abs((rays_b * lines_b).sum(axis=1))
    slope = np.sqrt((lines_b[:, :2] ** 2).sum(axis=1) + (lines_a[:, :2] ** 2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return focal_px * algebraic / slope
