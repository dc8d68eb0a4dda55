"""Training of the `paper` decoder: jointly over scenes, or the codes of one new scene alone."""

import json
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from neumap.codes.dense_codes import DenseCodes
from neumap.decoder.paper_decoder import PaperDecoder, VoxelPredictions
from neumap.training.feature_buffer import FeatureBuffer, TrainingBatch
from neumap.training.losses import (
    confidence_loss,
    coordinate_loss,
    reprojection_loss,
    sparsity_loss,
)
from neumap.training.paper_config import (
    CodeLayout,
    LossConfig,
    PaperTrainingConfig,
    StopReason,
    TrainingReport,
)
from neumap.training.random_streams import stream
from neumap.training.schedule import PlateauDetector, optimizer_of, rate_factor, set_rates

_MAX_BAD_STEPS = 20  # steps in a row whose gradient is not finite, before giving up


def train_jointly(
    buffers: Sequence[FeatureBuffer],
    decoder: PaperDecoder,
    *,
    config: PaperTrainingConfig,
    seed: int,
    layout: CodeLayout | None = None,
    start: Sequence[DenseCodes] | None = None,
    log_path: Path | None = None,
) -> tuple[tuple[DenseCodes, ...], TrainingReport]:
    """Train one decoder and the codes of several scenes; returns the scenes' codes.

    `start` continues from given codes (for example pruned ones, whose scales stay frozen).
    """
    codes = _starting_codes(buffers, decoder, layout=layout, start=start, seed=seed)
    decoder.train()
    report = _optimise(
        buffers,
        decoder,
        codes,
        network_parameters=list(decoder.parameters()),
        config=config,
        seed=seed,
        log_path=log_path,
    )
    decoder.eval()
    return codes, report


def fit_codes(
    buffer: FeatureBuffer,
    decoder: PaperDecoder,
    *,
    config: PaperTrainingConfig,
    seed: int,
    layout: CodeLayout | None = None,
    start: DenseCodes | None = None,
    log_path: Path | None = None,
) -> tuple[DenseCodes, TrainingReport]:
    """Map a new scene: only its codes are optimised, no weight of the decoder changes.

    Scales stay as they are (1 for new codes) unless the sparsity loss has a weight.
    """
    given = None if start is None else [start]
    codes = _starting_codes([buffer], decoder, layout=layout, start=given, seed=seed)
    if config.losses.sparsity == 0:
        codes[0].scales.requires_grad_(False)
    with _frozen(decoder):
        report = _optimise(
            [buffer],
            decoder,
            codes,
            network_parameters=[],
            config=config,
            seed=seed,
            log_path=log_path,
        )
    return codes[0], report


def batch_losses(
    out: VoxelPredictions,
    batch: TrainingBatch,
    codes: DenseCodes,
    config: LossConfig,
) -> dict[str, Float[Tensor, ""]]:
    """Compute the unweighted losses of a batch, by the names of `LossConfig`'s weights."""
    lengths = codes.frame_lengths[batch.voxel_idx][:, None]
    learned = batch.is_valid & batch.is_in_voxel
    losses = {
        "coordinate": coordinate_loss(
            out.xyz_in_voxel_lengths,
            batch.xyz_in_voxel / lengths[..., None],
            learned,
            threshold=config.coordinate_threshold,
        ),
        "confidence": confidence_loss(out.confidence_logit, batch.is_in_voxel, batch.is_valid),
    }
    if config.reprojection > 0:
        rotation, translation = batch.cam_from_voxel[..., :3], batch.cam_from_voxel[..., 3]
        # Camera coordinates in voxel lengths: projection does not depend on the unit.
        xyz_in_cam = (rotation @ out.xyz_in_voxel_lengths[..., None])[..., 0]
        losses["reprojection"] = reprojection_loss(
            xyz_in_cam + translation / lengths[..., None],
            batch.xy_cam,
            learned,
            focal_px=batch.focal_px,
            robust_px=config.reprojection_px,
            depth_scale=1.0,
            min_depth=0.02,
        )
    if config.sparsity > 0:
        losses["sparsity"] = sparsity_loss(
            codes.scales[batch.voxel_idx], codes.is_kept[batch.voxel_idx]
        )
    return losses


def _starting_codes(
    buffers: Sequence[FeatureBuffer],
    decoder: PaperDecoder,
    *,
    layout: CodeLayout | None,
    start: Sequence[DenseCodes] | None,
    seed: int,
) -> tuple[DenseCodes, ...]:
    if not buffers:
        raise ValueError("no scenes to train on")
    decoder.to(buffers[0].device)
    for buffer in buffers:
        if buffer.device != buffers[0].device:
            raise ValueError(f"scenes lie on {buffers[0].device} and {buffer.device}")
        if buffer.descriptor_dim != decoder.config.descriptor_dim:
            raise ValueError(
                f"descriptors have {buffer.descriptor_dim} channels, "
                f"the decoder expects {decoder.config.descriptor_dim}"
            )
    if start is not None:
        if len(start) != len(buffers):
            raise ValueError(f"{len(start)} sets of codes for {len(buffers)} scenes")
        return tuple(start)
    layout = layout if layout is not None else CodeLayout()
    return tuple(
        DenseCodes(
            buffer.voxel_frames(),
            num_blocks=decoder.config.num_blocks,
            codes_per_block=layout.codes_per_block,
            width=decoder.config.width,
            generator=stream(seed, f"codes of scene {index}", buffer.device),
        )
        for index, buffer in enumerate(buffers)
    )


@contextmanager
def _frozen(decoder: PaperDecoder) -> Generator[None]:
    was_trained = [parameter.requires_grad for parameter in decoder.parameters()]
    decoder.eval().requires_grad_(False)
    try:
        yield
    finally:
        for parameter, flag in zip(decoder.parameters(), was_trained, strict=True):
            parameter.requires_grad_(flag)


def _optimise(
    buffers: Sequence[FeatureBuffer],
    decoder: PaperDecoder,
    codes: Sequence[DenseCodes],
    *,
    network_parameters: list[torch.nn.Parameter],
    config: PaperTrainingConfig,
    seed: int,
    log_path: Path | None,
) -> TrainingReport:
    """Run steps, each over one batch of every scene, until a limit or convergence."""
    code_parameters = [parameter for own in codes for parameter in (own.codes, own.scales)]
    optimizer = optimizer_of(
        [(network_parameters, config.network_rate), (code_parameters, config.code_rate)]
    )
    generators = [
        stream(seed, f"batches of scene {index}", buffer.device)
        for index, buffer in enumerate(buffers)
    ]
    plateau = PlateauDetector(
        window=config.plateau_window,
        min_gain=config.plateau_gain,
        patience=config.plateau_patience,
    )
    if log_path is not None:
        log_path.write_text("", encoding="utf-8")
    losses: dict[str, float] = {}
    started, num_steps, bad_steps = time.monotonic(), 0, 0
    stop: StopReason = "steps"
    for step in range(config.max_steps):
        seconds = time.monotonic() - started
        if seconds >= config.max_seconds:
            stop = "time"
            break
        progress = max(step / config.max_steps, seconds / config.max_seconds)
        set_rates(optimizer, rate_factor(step, progress, warm_up_steps=config.warm_up_steps))
        optimizer.zero_grad(set_to_none=True)
        losses = _gradients(buffers, decoder, codes, generators, config)
        groups = [network_parameters, *[[own.codes, own.scales] for own in codes]]
        norms = [torch.nn.utils.clip_grad_norm_(g, config.gradient_clip) for g in groups if g]
        if not all(bool(torch.isfinite(norm)) for norm in norms):
            bad_steps += 1
            if bad_steps >= _MAX_BAD_STEPS:
                stop = "diverged"
                break
            continue
        bad_steps = 0
        optimizer.step()
        num_steps += 1
        if log_path is not None:
            _append(log_path, {"step": step, "seconds": round(seconds, 3), **losses})
        if plateau.add(losses["total"]):
            stop = "converged"
            break
    spent = time.monotonic() - started
    return TrainingReport(stop_reason=stop, num_steps=num_steps, seconds=spent, final_losses=losses)


def _append(log_path: Path, entry: dict[str, int | float]) -> None:
    with log_path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _gradients(
    buffers: Sequence[FeatureBuffer],
    decoder: PaperDecoder,
    codes: Sequence[DenseCodes],
    generators: Sequence[torch.Generator],
    config: PaperTrainingConfig,
) -> dict[str, float]:
    """Add up the gradients of one batch of each scene; returns the mean losses by name."""
    sums: dict[str, float] = {}
    weights = {
        "coordinate": config.losses.coordinate,
        "confidence": config.losses.confidence,
        "reprojection": config.losses.reprojection,
        "sparsity": config.losses.sparsity,
    }
    for buffer, own, generator in zip(buffers, codes, generators, strict=True):
        batch = buffer.draw(config.batch, generator=generator)
        with torch.autocast(buffer.device.type, torch.bfloat16, enabled=config.is_bf16):
            out = decoder(batch.descriptors, own.select(batch.voxel_idx))
        losses = batch_losses(out, batch, own, config.losses)
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        # The network sees the mean over scenes; codes belong to one scene and get its gradient.
        total.backward()
        for name, loss in [*losses.items(), ("total", total)]:
            sums[name] = sums.get(name, 0.0) + float(loss.detach()) / len(buffers)
    if len(buffers) > 1:
        for parameter in decoder.parameters():
            if parameter.grad is not None:
                parameter.grad /= len(buffers)
    return sums
