"""Code-only mapping with the shipped `paper` decoder: codes start from points, then are optimised.

Codes are rounded to 8 bits in every step (straight-through), as the map file stores them. A scene
begins with more codes than it may keep; scales that the sparsity loss pulls down tell which go.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neumap.codes.dense_codes import CodeTokens, DenseCodes
from neumap.codes.pruning import prune_to_count
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_decoder import PaperDecoder
from neumap.scene import Scene
from neumap.training.bounded_loss import bounded_loss
from neumap.training.feature_buffer import BatchConfig, FeatureBuffer, TrainingBatch
from neumap.training.losses import confidence_loss, sparsity_loss
from neumap.training.random_streams import stream
from neumap.training.schedule import rate_factor

RIGHT_WITHIN = 0.03
"""Distance, in spreads of the scene, within which a coordinate counts as right."""
_PRUNE_AT = 0.4  # share of the time before pruning


@dataclass(frozen=True, kw_only=True)
class PaperFitConfig:
    """How codes are fitted."""

    rate: float = 0.001
    """Peak rate of codes; scales move at the same."""
    sparsity: float = 0.001
    """Weight of the sparsity of scales before pruning."""
    confidence: float = 0.1
    scales: tuple[tuple[float, float], ...] = ((0.015, 1.0), (0.1, 0.2))
    """Scales of the coordinate loss (`bounded_loss`), finer than in joint training."""
    pixels: int = 1024
    """Pixels in a batch, from as many as 16 views."""
    surplus: float = 1.0
    """Codes at the start over codes kept."""


def start_codes(
    scene: Scene,
    point_idx: Int[np.ndarray, " code"],
    buffer: FeatureBuffer,
    networks: tuple[PaperDecoder, CodeStart],
) -> DenseCodes:
    """Build one voxel's codes from points of the scene, without optimisation."""
    decoder, start = networks
    frames = buffer.voxel_frames()
    xyz = (scene.points.xyz_in_world[point_idx] - frames.origins[0]) / frames.lengths[0]
    with torch.no_grad():
        values, is_kept = start(
            torch.from_numpy(scene.points.descriptors[point_idx]),
            torch.from_numpy(xyz.astype(np.float32)),
        )
    codes = DenseCodes(
        frames,
        num_blocks=decoder.config.num_blocks,
        codes_per_block=values.shape[1],
        width=decoder.config.width,
        generator=torch.Generator().manual_seed(0),
    )
    with torch.no_grad():
        codes.codes.copy_(values[None])
    codes.is_kept = is_kept[None].clone()
    return codes


def fit_started_codes(
    codes: DenseCodes,
    buffer: FeatureBuffer,
    decoder: PaperDecoder,
    *,
    keep: int,
    in_voxel_share: float,
    seconds: float,
    seed: int,
    config: PaperFitConfig | None = None,
) -> int:
    """Optimise codes in place until the time is spent, pruned to `keep`; returns the steps made.

    `in_voxel_share` is the share of key-points with a point, which confidence should know.
    The decoder is read only. The result depends on the machine's speed, as the time is the limit.
    """
    config = config if config is not None else PaperFitConfig()
    batch = BatchConfig(
        voxels=1,
        views_per_voxel=16,
        pixels_per_view=max(1, config.pixels // 16),
        in_voxel_share=in_voxel_share,
    )
    optimizer = torch.optim.Adam([codes.codes, codes.scales], lr=config.rate, betas=(0.9, 0.98))
    generator = stream(seed, "batches of the new scene")
    started, num_steps = time.monotonic(), 0
    is_pruned = codes.num_kept <= keep
    while (spent := time.monotonic() - started) < seconds:
        progress = spent / seconds
        if not is_pruned and progress > _PRUNE_AT:
            prune_points(codes, keep)
            is_pruned = True
        for group in optimizer.param_groups:
            group["lr"] = config.rate * rate_factor(num_steps, progress, warm_up_steps=20)
        optimizer.zero_grad(set_to_none=True)
        drawn = buffer.draw(batch, generator=generator)
        loss = _loss(codes, decoder, drawn, config)
        if not is_pruned:
            loss = loss + config.sparsity * sparsity_loss(codes.scales, codes.is_kept)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([codes.codes, codes.scales], 0.5)
        optimizer.step()
        num_steps += 1
    if not is_pruned:
        prune_points(codes, keep)
    return num_steps


def _loss(
    codes: DenseCodes, decoder: PaperDecoder, drawn: TrainingBatch, config: PaperFitConfig
) -> Float[Tensor, ""]:
    """Coordinate and confidence loss of a batch, read from codes as they will be stored."""
    tokens = codes.select(drawn.voxel_idx)
    tokens = CodeTokens(_rounded(tokens.values, codes.is_kept), tokens.is_kept)
    out = decoder(drawn.descriptors, tokens)
    target = drawn.xyz_in_voxel / codes.frame_lengths[drawn.voxel_idx][:, None, None]
    learned = drawn.is_valid & drawn.is_in_voxel
    error = (out.xyz_in_voxel_lengths.detach() - target).norm(dim=-1)
    coordinate = bounded_loss(out.xyz_in_voxel_lengths, target, learned, scales=config.scales)
    is_right = learned & (error < RIGHT_WITHIN)
    confidence = confidence_loss(out.confidence_logit, is_right, drawn.is_valid)
    return coordinate + config.confidence * confidence


@torch.no_grad()
def prune_points(codes: DenseCodes, keep: int) -> None:
    """Prune to `keep` codes of points; the code of unmatched pixels and later blocks stay.

    Scales are multiplied into the codes.
    """
    ranks = codes.scales.clone()
    codes.codes.mul_(codes.scales[..., None])
    codes.scales.copy_(ranks.abs() * codes.codes.norm(dim=-1))
    largest = float(codes.scales.max()) + 1.0
    codes.scales[:, 1:] = largest
    codes.scales[:, 0, 0] = largest
    prune_to_count(codes, keep)
    codes.scales.fill_(1.0)


def _rounded(
    values: Float[Tensor, "voxel block code width"], is_kept: Bool[Tensor, "voxel block code"]
) -> Float[Tensor, "voxel block code width"]:
    """Round each channel as the map file does; gradients pass as if nothing had been done."""
    with torch.no_grad():
        step = values[is_kept].abs().amax(dim=0).clamp(min=1e-12) / 127
        change = (values / step).round() * step - values
    return values + change
