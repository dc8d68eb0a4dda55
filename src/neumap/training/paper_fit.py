"""Code-only mapping with the shipped `paper` decoder: codes start from points, then are optimised.

Codes are rounded in every step (straight-through) to what the map file stores. A scene may begin
with more codes than it is to keep. Those that are needed least are dropped on the way: by what
pixels read of them, or by their scales, which a sparsity loss pulls down (paper section 3.3). The
others are fitted on with their scales frozen.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neumap.codes.dense_codes import CodeTokens, DenseCodes
from neumap.codes.dense_space import DenseSpace
from neumap.codes.dense_stream import as_stored
from neumap.codes.pruning import prune_points, with_points, without_pruned
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_decoder import PaperDecoder
from neumap.scene import Scene
from neumap.training.bounded_loss import bounded_loss
from neumap.training.feature_buffer import BatchConfig, FeatureBuffer, TrainingBatch
from neumap.training.losses import confidence_loss, sparsity_loss
from neumap.training.paper_importance import Surplus, choose_by_reads, right_reads
from neumap.training.random_streams import stream
from neumap.training.schedule import rate_factor, set_rates

RIGHT_WITHIN = 0.03
"""Distance, in spreads of the scene, within which a coordinate counts as right."""


@dataclass(frozen=True, kw_only=True)
class PaperFitConfig:
    """How codes are fitted."""

    rate: float = 0.001
    """Peak rate of codes."""
    importance: Literal["reads", "scales"] = "reads"
    """What tells which codes go (decision 002 compares them)."""
    prune_at: float = 0.2
    """Share of the time that passes before codes are pruned."""
    sparsity: float = 0.0003
    """Weight of the sparsity of scales before pruning (eq. 11); scales alone are pruned by it."""
    scale_rate: float = 0.02
    """Peak rate of scales: a gate has to move within a few dozen steps."""
    confidence: float = 0.1
    scales: tuple[tuple[float, float], ...] = ((0.015, 1.0), (0.1, 0.2))
    """Scales of the coordinate loss (`bounded_loss`), finer than in joint training."""
    pixels: int = 1024
    """Pixels in a batch, from as many as 16 views."""
    surplus: float = 1.0
    """Codes at the start over codes kept, as far as there are points."""


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


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedCodes:
    """What a fit gives."""

    codes: DenseCodes
    """Codes as the map stores them: rounded, scales 1, none that was pruned."""
    num_steps: int


def fit_started_codes(
    codes: DenseCodes,
    buffer: FeatureBuffer,
    networks: tuple[PaperDecoder, DenseSpace],
    *,
    surplus: Surplus | None,
    in_voxel_share: float,
    seconds: float,
    seed: int,
    config: PaperFitConfig | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FittedCodes:
    """Optimise one voxel's codes until the time is spent, pruned on the way where there is surplus.

    `in_voxel_share` is the share of key-points with a point, which confidence should know.
    The decoder is read only; `codes` are used up. `clock` tells seconds; the result depends on the
    machine's speed, as the time is the limit.
    """
    config = config if config is not None else PaperFitConfig()
    fit = _Fit(codes, buffer, networks, in_voxel_share, config)
    generator = stream(seed, "batches of the new scene")
    started, num_steps = clock(), 0
    while (spent := clock() - started) < seconds:
        if surplus is not None and spent > config.prune_at * seconds:
            fit.prune(surplus, generator=generator)
            surplus = None
        factor = rate_factor(fit.num_steps, spent / seconds, warm_up_steps=20)
        fit.step(factor, has_surplus=surplus is not None, generator=generator)
        num_steps += 1
    if surplus is not None:
        fit.prune(surplus, generator=generator)
    return FittedCodes(codes=as_stored(fit.codes, networks[1]), num_steps=num_steps)


class _Fit:
    """Codes with their optimiser, which is new after pruning."""

    def __init__(
        self,
        codes: DenseCodes,
        buffer: FeatureBuffer,
        networks: tuple[PaperDecoder, DenseSpace],
        in_voxel_share: float,
        config: PaperFitConfig,
    ) -> None:
        self._buffer, self._networks, self._config = buffer, networks, config
        self._batch = BatchConfig(
            voxels=1,
            views_per_voxel=16,
            pixels_per_view=max(1, config.pixels // 16),
            in_voxel_share=in_voxel_share,
        )
        codes.scales.requires_grad_(config.importance == "scales")
        self._start(codes)

    def prune(self, surplus: Surplus, *, generator: torch.Generator) -> None:
        """Drop what is needed least; scales are frozen from here on."""
        if self._config.importance == "scales":
            prune_points(self.codes, surplus.keep)
            self._start(without_pruned(self.codes))
            return
        reads = right_reads(
            self.codes,
            self._buffer,
            self._networks,
            in_voxel_share=self._batch.in_voxel_share,
            right_within=RIGHT_WITHIN,
            generator=generator,
        )
        self._start(with_points(self.codes, choose_by_reads(surplus, reads)))

    def step(self, factor: float, *, has_surplus: bool, generator: torch.Generator) -> None:
        """Make one step on the next batch, at this share of the peak rates."""
        set_rates(self._optimizer, factor)
        self._optimizer.zero_grad(set_to_none=True)
        drawn = self._buffer.draw(self._batch, generator=generator)
        loss = _loss(self.codes, self._networks, drawn, self._config)
        if has_surplus and self.codes.scales.requires_grad:
            sparsity = sparsity_loss(self.codes.scales, self.codes.is_of_point)
            loss = loss + self._config.sparsity * sparsity
        loss.backward()
        torch.nn.utils.clip_grad_norm_([self.codes.codes], 0.5)
        self._optimizer.step()
        self.num_steps += 1

    def _start(self, codes: DenseCodes) -> None:
        self.codes, self.num_steps = codes, 0
        groups = [{"params": [codes.codes], "peak_rate": self._config.rate}]
        if codes.scales.requires_grad:
            groups.append({"params": [codes.scales], "peak_rate": self._config.scale_rate})
        self._optimizer = torch.optim.Adam(groups, betas=(0.9, 0.98))


def _loss(
    codes: DenseCodes,
    networks: tuple[PaperDecoder, DenseSpace],
    drawn: TrainingBatch,
    config: PaperFitConfig,
) -> Float[Tensor, ""]:
    """Coordinate and confidence loss of a batch, read from codes as they will be stored."""
    decoder, space = networks
    tokens = codes.select(drawn.voxel_idx)
    out = decoder(drawn.descriptors, CodeTokens(space.rounded(tokens.values), tokens.is_kept))
    target = drawn.xyz_in_voxel / codes.frame_lengths[drawn.voxel_idx][:, None, None]
    learned = drawn.is_valid & drawn.is_in_voxel
    error = (out.xyz_in_voxel_lengths.detach() - target).norm(dim=-1)
    coordinate = bounded_loss(out.xyz_in_voxel_lengths, target, learned, scales=config.scales)
    is_right = learned & (error < RIGHT_WITHIN)
    confidence = confidence_loss(out.confidence_logit, is_right, drawn.is_valid)
    return coordinate + config.confidence * confidence
