"""Losses of the decoders, each a mean over the slots that a mask calls valid.

A mask that is false everywhere gives 0 with zero gradient, never NaN.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional


def masked_mean(
    values: Float[Tensor, "*slots"], is_valid: Bool[Tensor, "*slots"]
) -> Float[Tensor, ""]:
    """Mean over valid slots; other slots have no part in sum, count or gradient."""
    return torch.where(is_valid, values, 0.0).sum() / is_valid.sum().clamp(min=1)


def coordinate_loss(
    predicted: Float[Tensor, "*slots 3"],
    target: Float[Tensor, "*slots 3"],
    is_valid: Bool[Tensor, "*slots"],
    *,
    threshold: float,
) -> Float[Tensor, ""]:
    """Mean robust distance over pixels in their voxel (paper eq. 9).

    The distance is d up to `threshold` and sqrt(threshold d) beyond, as in the released code;
    points, threshold and result share one unit. Targets of slots that are not valid may be NaN.
    """
    known = torch.where(is_valid[..., None], target, predicted.detach())
    distance = torch.linalg.vector_norm(predicted - known, dim=-1)
    far = (threshold * distance.clamp(min=threshold)).sqrt()
    return masked_mean(torch.where(distance <= threshold, distance, far), is_valid)


def confidence_loss(
    logits: Float[Tensor, "*slots"],
    is_right: Bool[Tensor, "*slots"],
    is_valid: Bool[Tensor, "*slots"],
) -> Float[Tensor, ""]:
    """Mean binary cross-entropy of "this pixel shows this voxel" (paper eq. 10)."""
    each = functional.binary_cross_entropy_with_logits(
        logits, is_right.to(logits.dtype), reduction="none"
    )
    return masked_mean(each, is_valid)


def reprojection_loss(
    xyz_in_cam: Float[Tensor, "*slots 3"],
    xy_cam: Float[Tensor, "*slots 2"],
    is_valid: Bool[Tensor, "*slots"],
    *,
    focal_px: Float[Tensor, "*slots"],
    robust_px: float,
    depth_scale: float,
    min_depth: float,
) -> Float[Tensor, ""]:
    """Mean robust 2D error of predicted points against undistorted rays, 0 to 1 a point.

    The error e in pixels is scaled by sqrt(z^2 / (z^2 + depth_scale^2)), so that moving points to
    infinity does not pay (R-SCoRe), and enters Geman and McClure's e^2 / (e^2 + robust_px^2).
    Points nearer than `min_depth` (also behind the camera) are projected from `min_depth` and
    pay (min_depth - z) / depth_scale besides, which pulls them to the front.
    Depths are in the points' unit.
    """
    depth = xyz_in_cam[..., 2]
    front = depth.clamp(min=min_depth)
    error = (xyz_in_cam[..., :2] / front[..., None] - xy_cam) * focal_px[..., None]
    adjusted = error.square().sum(-1) * front.square() / (front.square() + depth_scale**2)
    robust = adjusted / (adjusted + robust_px**2)
    behind = functional.relu(min_depth - depth) / depth_scale
    return masked_mean(robust + behind, is_valid)


def sparsity_loss(
    scales: Float[Tensor, "voxel block code"], is_kept: Bool[Tensor, "voxel block code"]
) -> Float[Tensor, ""]:
    """Sum of |w| over codes not pruned (paper eq. 11): pulls scales to zero."""
    return torch.where(is_kept, scales.abs(), 0.0).sum()
