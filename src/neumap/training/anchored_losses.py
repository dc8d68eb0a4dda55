"""Losses of the `anchored` decoder on one episode.

Legend: N pixel, R rank, K code.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.candidates import Candidates
from neumap.decoder.token_lift import LiftedCodes
from neumap.training.anchored_config import AnchoredTrainingConfig
from neumap.training.episodes import Episode
from neumap.training.losses import masked_mean

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Labels:
    """Which pixel shows which code, for all pairs."""

    is_right: Bool[Tensor, "pixel code"]
    is_unsure: Bool[Tensor, "pixel code"]

    @classmethod
    def of(cls, episode: Episode, config: AnchoredTrainingConfig) -> "Labels":
        """Judge all pairs."""
        truth = episode.truth
        # Codes that do not project have NaN, which no comparison lets through.
        distance = torch.cdist(truth.xy_px, truth.code_xy_px)
        pixel, code = torch.nonzero(distance < config.unsure_px, as_tuple=True)
        right = torch.zeros_like(distance, dtype=torch.bool)
        near = torch.zeros_like(right)
        right[pixel, code] = truth.judge(pixel, code, within_px=config.right_px)
        near[pixel, code] = truth.judge(pixel, code, within_px=config.unsure_px)
        return cls(right, near & ~right)


def quantised_straight_through(
    values: Float[Tensor, "code value"], step: Float[Tensor, " value"], *, num_levels: int = 16
) -> Float[Tensor, "code value"]:
    """Round to the middle of the steps; the gradient passes as if nothing was rounded."""
    half = num_levels // 2
    level = (values / step).floor().clamp(-half, half - 1)
    return values + ((level + 0.5) * step - values).detach()


def lifted_episode(decoder: AnchoredDecoder, episode: Episode) -> LiftedCodes:
    """Turn an episode's mean descriptors into codes, with gradients to the code space."""
    values = (episode.code_descriptors - decoder.mean) @ decoder.projection.T
    stored = quantised_straight_through(values, decoder.step, num_levels=decoder.config.num_levels)
    return LiftedCodes.from_codes(functional.normalize(stored, dim=1), episode.anchors)


def episode_losses(
    decoder: AnchoredDecoder, episode: Episode, config: AnchoredTrainingConfig
) -> dict[str, Float[Tensor, ""]]:
    """Return the unweighted losses by name, and the weighted `total`."""
    codes = lifted_episode(decoder, episode)
    labels = Labels.of(episode, config)
    cosine, rounds = decoder.rescore(
        episode.descriptors, episode.xy_img, codes, tokens=decoder.lift(codes)
    )
    weights = config.losses
    losses = {"metric": metric_loss(decoder.log_scale.exp() * cosine, labels)}
    for number, candidates in enumerate(rounds):
        share = 1.0 if number == len(rounds) - 1 else weights.earlier_rounds
        for name, loss in _round_losses(candidates, labels, decoder, weights.nothing).items():
            losses[name] = losses.get(name, cosine.new_zeros(())) + share * loss
    parts = [getattr(weights, name) * loss for name, loss in losses.items()]
    return losses | {"total": torch.stack(parts).sum()}


def metric_loss(logits: Float[Tensor, "pixel code"], labels: Labels) -> Float[Tensor, ""]:
    """Cross-entropy over codes and over pixels, where there is a right one."""
    rows = labels.is_right.any(dim=1)
    columns = labels.is_right.any(dim=0)
    if not bool(rows.any()):
        return logits.sum() * 0
    right = logits.masked_fill(~labels.is_right, -torch.inf)
    other = logits.masked_fill(labels.is_unsure, -torch.inf)
    by_pixel = other[rows].logsumexp(dim=1) - right[rows].logsumexp(dim=1)
    by_code = other[:, columns].logsumexp(dim=0) - right[:, columns].logsumexp(dim=0)
    return by_pixel.mean() + by_code.mean()


def _round_losses(
    candidates: Candidates, labels: Labels, decoder: AnchoredDecoder, nothing: float
) -> dict[str, Float[Tensor, ""]]:
    right = labels.is_right.gather(1, candidates.code_idx)
    unsure = labels.is_unsure.gather(1, candidates.code_idx)
    share = candidates.log_share_of_pixel().exp()
    right_share = (share * right).sum(dim=1)
    shows_code = labels.is_right.any(dim=1)
    shows_none = ~shows_code & ~labels.is_unsure.any(dim=1)
    dustbin_share = 1 - share.sum(dim=1)
    pixel = masked_mean(-(right_share + _TINY).log(), right.any(dim=1)) + nothing * masked_mean(
        -dustbin_share.clamp(min=1e-6).log(), shows_none
    )
    of_code = candidates.log_share_of_code(float(decoder.dustbin.detach())).exp()
    flat = candidates.code_idx.flatten()
    empty = share.new_zeros(candidates.num_codes)
    right_of_code = empty.scatter_add(0, flat, (of_code * right).flatten())
    mass_of_code = empty.scatter_add(0, flat, of_code.flatten())
    is_found = empty.scatter_add(0, flat, right.flatten().float()) > 0
    is_absent = ~labels.is_right.any(dim=0) & ~labels.is_unsure.any(dim=0)
    code = masked_mean(-(right_of_code + _TINY).log(), is_found) + nothing * masked_mean(
        -(1 - mass_of_code).clamp(min=1e-6).log(), is_absent
    )
    each = functional.binary_cross_entropy_with_logits(
        candidates.confidence_logit, right.float(), reduction="none"
    )
    confidence = masked_mean(each, candidates.is_mutual() & ~unsure)
    return {"pixel": pixel, "code": code, "confidence": confidence}
