"""Robust non-linear pose refinement, and how well the data determine the pose."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import IdealPoints


@dataclass(frozen=True)
class PoseSpread:
    """Standard deviations of a pose in its least determined direction; inf if free."""

    rotation_deg: float
    position_over_depth: float
    """Relative to the median depth of the points, so free of scene units."""


def _moved(pose: RigidTransform, step: np.ndarray) -> RigidTransform:
    turn = Rotation.from_rotvec(step[:3]).as_matrix()
    return RigidTransform(turn @ pose.rotation, turn @ pose.translation + step[3:6])


def pose_jacobian(
    points: IdealPoints, cam_from_shifted: RigidTransform
) -> Float[np.ndarray, "pair 2 6"]:
    """Derivative of the ideal pixels by (rotation vector, translation) in the camera frame.

    The step acts from the left, x' = exp(w) x + u, so u moves the camera centre by -R^T u.
    """
    x, y, z = cam_from_shifted.apply(points.xyz).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    a, b = x / z, y / z
    row_x = np.stack([-a * b, one + a * a, -b, one / z, zero, -a / z], axis=1)
    row_y = np.stack([-(one + b * b), a * b, a, zero, one / z, -b / z], axis=1)
    return points.focal_px * np.stack([row_x, row_y], axis=1)


def refine_pose(
    points: IdealPoints,
    cam_from_shifted: RigidTransform,
    *,
    loss_scale_px: float,
    weights: Float[np.ndarray, " pair"] | None = None,
    num_steps: int = 30,
) -> RigidTransform:
    """Minimise sum w_i Cauchy(|r_i|) by damped Gauss-Newton with re-weighting.

    Points at or behind the camera carry no weight. The cost never rises; a start from which no
    step helps is returned as it is.
    """
    own = np.ones(len(points)) if weights is None else weights
    pose, damping = cam_from_shifted, 1e-4
    cost = _cost(points, pose, own, loss_scale_px)
    for _ in range(num_steps):
        hessian, gradient = _normal_equations(points, pose, own, loss_scale_px)
        damped = hessian + damping * np.diag(np.diag(hessian) + 1e-12)
        step = -np.linalg.lstsq(damped, gradient, rcond=None)[0]
        trial = _moved(pose, step)
        trial_cost = _cost(points, trial, own, loss_scale_px)
        if trial_cost < cost:
            is_done = cost - trial_cost < 1e-10 * cost
            pose, cost, damping = trial, trial_cost, max(damping / 5, 1e-9)
            if is_done:
                break
        else:
            damping *= 10
            if damping > 1e6:
                break
    return pose.orthonormalised()


def _cost(points: IdealPoints, pose: RigidTransform, own: np.ndarray, scale: float) -> float:
    # A point behind the camera costs what one 1000 scales away costs, so it stays finite.
    ratio = np.minimum(points.residuals_px(pose) / scale, 1e3)
    return float((own * np.log1p(ratio**2)).sum())


def _normal_equations(
    points: IdealPoints, pose: RigidTransform, own: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    xyz_in_cam = pose.apply(points.xyz)
    keep = xyz_in_cam[:, 2] > 1e-9
    ahead = IdealPoints(
        points.xy_px[keep], points.xyz[keep], points.origin, points.focal_px, points.is_used
    )
    gap = points.focal_px * xyz_in_cam[keep, :2] / xyz_in_cam[keep, 2:] - ahead.xy_px
    weight = own[keep] / (1 + (gap**2).sum(axis=1) / scale**2)
    jacobian = pose_jacobian(ahead, pose)
    weighted = jacobian * weight[:, None, None]
    return np.einsum("nai,naj->ij", weighted, jacobian), np.einsum("nai,na->i", weighted, gap)


def pose_spread(
    points: IdealPoints,
    cam_from_shifted: RigidTransform,
    *,
    sigma_px: float,
    has_free_focal: bool = False,
) -> PoseSpread:
    """Propagate a pixel noise through (J^T J)^-1; the pairs given are the inliers, all ahead.

    With a free focal length its column joins J, as it trades against the distance.
    """
    jacobian = pose_jacobian(points, cam_from_shifted).reshape(-1, 6)
    depth = float(np.median(cam_from_shifted.apply(points.xyz)[:, 2]))
    jacobian = jacobian * np.array([1, 1, 1, depth, depth, depth])
    if has_free_focal:
        xyz_in_cam = cam_from_shifted.apply(points.xyz)
        by_focal = points.focal_px * (xyz_in_cam[:, :2] / xyz_in_cam[:, 2:]).reshape(-1, 1)
        jacobian = np.concatenate([jacobian, by_focal], axis=1)
    _, singular, vt = np.linalg.svd(jacobian, full_matrices=False)
    if len(singular) < jacobian.shape[1] or singular[-1] < 1e-9 * singular[0]:
        return PoseSpread(np.inf, np.inf)
    root = vt.T / singular * sigma_px
    rotation = float(np.linalg.norm(root[:3], 2))
    return PoseSpread(float(np.degrees(rotation)), float(np.linalg.norm(root[3:6], 2)))
