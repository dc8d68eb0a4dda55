"""Pre-training of the `anchored` decoder on episodes."""

import json
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from neumap.codes.code_space import STEP_OF_SIGMA
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.training.anchored_config import AnchoredTrainingConfig
from neumap.training.anchored_losses import episode_losses
from neumap.training.checkpoint import load_checkpoint, save_checkpoint
from neumap.training.episodes import Episode, EpisodeSource
from neumap.training.schedule import optimizer_of, rate_factor, set_rates

_STEP_MEMORY = 0.99


def train_anchored(
    decoder: AnchoredDecoder,
    source: EpisodeSource,
    *,
    config: AnchoredTrainingConfig,
    seed: int,
    folder: Path,
    resumes: bool = False,
    device: str = "cpu",
) -> int:
    """Train until a limit; return the number of steps, also those before it was resumed.

    Checkpoints and `log.jsonl` go to `folder`. Episodes of a step depend on seed and step alone,
    so a resumed run sees what an uninterrupted one would have seen; with `max_steps` the smaller
    limit it ends with the same weights to the bit. On a GPU the rounds are compiled. The decoder
    is on the CPU again when the run ends.
    """
    target = torch.device(device)
    decoder.to(target)
    if target.type != "cpu":
        for block in decoder.rounds:
            block.compile(dynamic=True)
    rates = (config.network_rate, config.space_rate)
    network = [p for name, p in decoder.named_parameters() if name != "projection"]
    optimizer = optimizer_of([(network, rates[0]), ([decoder.projection], rates[1])])
    state = load_checkpoint(folder, decoder, optimizer) if resumes else None
    step, spent = (state["step"], state["seconds"]) if state is not None else (0, 0.0)
    decoder.train()
    log = folder / "log.jsonl"
    if state is None:
        log.write_text("", encoding="utf-8")
    started = time.monotonic() - spent
    sums: dict[str, float] = {}
    ahead = _episodes_ahead(source, config, seed=seed, first_step=step)
    while step < config.max_steps and time.monotonic() - started < config.max_seconds:
        seconds = time.monotonic() - started
        progress = max(step / config.max_steps, seconds / config.max_seconds)
        set_rates(optimizer, rate_factor(step, progress, warm_up_steps=config.warm_up_steps))
        optimizer.zero_grad(set_to_none=True)
        for episode in next(ahead):
            losses = _add_gradient(decoder, episode.to(target), config)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value
        norm = torch.nn.utils.clip_grad_norm_(decoder.parameters(), config.gradient_clip)
        if bool(torch.isfinite(norm)):
            optimizer.step()
        step += 1
        if step % config.log_every == 0:
            num_episodes = config.log_every * config.episodes_per_step
            entry = {name: round(value / num_episodes, 5) for name, value in sums.items()}
            sums = {}
            with log.open("a", encoding="utf-8") as file:
                seconds = round(time.monotonic() - started, 1)
                file.write(json.dumps({"step": step, "seconds": seconds, **entry}) + "\n")
        if step % config.checkpoint_every == 0:
            now = {"step": step, "seconds": time.monotonic() - started}
            save_checkpoint(folder, decoder, optimizer, state=now)
    now = {"step": step, "seconds": time.monotonic() - started}
    save_checkpoint(folder, decoder, optimizer, state=now)
    ahead.close()
    decoder.to("cpu").eval()
    return step


def _episodes_ahead(
    source: EpisodeSource, config: AnchoredTrainingConfig, *, seed: int, first_step: int
) -> Generator[list[Episode]]:
    """Draw the episodes of one step while the step before is computed."""

    def draw(step: int) -> list[Episode]:
        rng = np.random.default_rng([seed, 7, step])
        return [source.draw(rng) for _ in range(config.episodes_per_step)]

    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(draw, first_step)
        for step in count(first_step + 1):
            drawn, waiting = waiting.result(), pool.submit(draw, step)
            yield drawn


def _add_gradient(
    decoder: AnchoredDecoder, episode: Episode, config: AnchoredTrainingConfig
) -> dict[str, float]:
    _follow_spread(decoder, episode.code_descriptors)
    with torch.autocast(decoder.mean.device.type, torch.bfloat16, enabled=config.is_bf16):
        losses = episode_losses(decoder, episode, config)
    (losses["total"] / config.episodes_per_step).backward()
    return {name: float(loss.detach()) for name, loss in losses.items()}


@torch.no_grad()
def _follow_spread(decoder: AnchoredDecoder, descriptors: Tensor) -> None:
    """Keep the quantiser's steps in proportion to the spread of the values."""
    values = (descriptors - decoder.mean) @ decoder.projection.T
    spread = values.square().mean(dim=0).sqrt()
    step = STEP_OF_SIGMA[decoder.config.num_levels] * spread
    decoder.step.mul_(_STEP_MEMORY).add_((1 - _STEP_MEMORY) * step)
