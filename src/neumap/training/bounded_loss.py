"""A coordinate loss for maps of few codes, where most pixels cannot be right."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neumap.training.losses import masked_mean

JOINT_SCALES = ((0.04, 1.0), (0.4, 0.1))
"""(error of half the loss, weight): near ones make points sharp, far ones bring them closer."""


def bounded_loss(
    predicted: Float[Tensor, "*slots 3"],
    target: Float[Tensor, "*slots 3"],
    is_known: Bool[Tensor, "*slots"],
    *,
    scales: tuple[tuple[float, float], ...] = JOINT_SCALES,
) -> Float[Tensor, ""]:
    """Mean of Geman and McClure's e^2 / (e^2 + s^2) at some scales, in spreads of the scene.

    With the paper's distance (eq. 9) the many pixels without a code near them pull all
    predictions towards the scene's middle; here they hardly pull. Targets of pixels that are not
    known may be NaN.
    """
    known = torch.where(is_known[..., None], target, predicted.detach())
    squared = (predicted - known).square().sum(dim=-1)
    parts = [weight * squared / (squared + scale**2) for scale, weight in scales]
    return masked_mean(torch.stack(parts).sum(dim=0), is_known)
