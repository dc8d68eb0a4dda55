"""Code-only mapping with the shipped `paper` decoder: codes start from points, then are optimised.

Codes are rounded in every step (straight-through) to what the map file stores. A scene may begin
with more codes than it is to keep: the sparsity loss pulls the scales down of those that are needed
least (paper section 3.3), which are dropped, and the others are fitted on, their scales frozen.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neumap.codes.dense_codes import CodeTokens, DenseCodes
from neumap.codes.dense_space import DenseSpace
from neumap.codes.dense_stream import as_stored
from neumap.codes.pruning import prune_points, without_pruned
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


@dataclass(frozen=True, kw_only=True)
class PaperFitConfig:
    """How codes are fitted."""

    rate: float = 0.001
    """Peak rate of codes; scales move at the same."""
    sparsity: float = 0.003
    """Weight of the sparsity of scales before pruning (eq. 11)."""
    prune_at: float = 0.4
    """Share of the time that passes before codes are pruned."""
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
    keep: int,
    in_voxel_share: float,
    seconds: float,
    seed: int,
    config: PaperFitConfig | None = None,
) -> FittedCodes:
    """Optimise codes until the time is spent, pruned on the way to `keep` codes of points.

    `in_voxel_share` is the share of key-points with a point, which confidence should know.
    The decoder is read only; `codes` are used up. The result depends on the machine's speed, as
    the time is the limit.
    """
    config = config if config is not None else PaperFitConfig()
    fit = _Fit(codes, buffer, networks, in_voxel_share, config)
    generator = stream(seed, "batches of the new scene")
    started, num_steps = time.monotonic(), 0
    while (spent := time.monotonic() - started) < seconds:
        if fit.has_surplus(keep) and spent > config.prune_at * seconds:
            fit.prune(keep)
        rate = config.rate * rate_factor(fit.num_steps, spent / seconds, warm_up_steps=20)
        fit.step(rate, is_sparse=fit.has_surplus(keep), generator=generator)
        num_steps += 1
    if fit.has_surplus(keep):
        fit.prune(keep)
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
        self._buffer = buffer
        self._decoder, self._space = networks
        self._config = config
        self._batch = BatchConfig(
            voxels=1,
            views_per_voxel=16,
            pixels_per_view=max(1, config.pixels // 16),
            in_voxel_share=in_voxel_share,
        )
        self._start(codes)

    def has_surplus(self, keep: int) -> bool:
        """Tell whether codes of points are still to be pruned."""
        return int(self._is_of_point.sum()) > keep

    def prune(self, keep: int) -> None:
        """Keep so many codes of points; their scales are frozen at what they are."""
        prune_points(self.codes, keep)
        self._start(without_pruned(self.codes))

    def step(self, rate: float, *, is_sparse: bool, generator: torch.Generator) -> None:
        """Make one step on the next batch."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        drawn = self._buffer.draw(self._batch, generator=generator)
        loss = _loss(self.codes, (self._decoder, self._space), drawn, self._config)
        if is_sparse:
            loss = loss + self._config.sparsity * sparsity_loss(
                self.codes.scales, self._is_of_point
            )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._fitted, 0.5)
        self._optimizer.step()
        self.num_steps += 1

    def _start(self, codes: DenseCodes) -> None:
        self.codes = codes
        self._is_of_point = codes.is_of_point
        self._fitted = [codes.codes, codes.scales] if codes.scales.requires_grad else [codes.codes]
        self._optimizer = torch.optim.Adam(self._fitted, betas=(0.9, 0.98))
        self.num_steps = 0


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
