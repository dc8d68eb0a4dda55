"""Pre-train the `paper` decoder jointly over many scenes.

`python -m neumap.training.train_paper --scenes DIR... --out DIR --minutes M --seed S [--resume]`;
each DIR holds data sets (folders with cameras.json and depth). Writes paper.safetensors,
paper.json and log.jsonl; the first two belong in src/neumap/weights.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from neumap.codes.code_space import CodeSpace
from neumap.codes.dense_codes import CodeTokens
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_decoder import PaperDecoder, PaperDecoderConfig
from neumap.decoder.paper_weights import read_paper_weights, write_paper_weights
from neumap.errors import DataError
from neumap.training.bounded_loss import bounded_loss
from neumap.training.losses import confidence_loss
from neumap.training.matching_start import matching_decoder
from neumap.training.paper_episodes import EpisodeScene, Guise
from neumap.training.random_streams import stream
from neumap.training.scene_cache import cached_scenes
from neumap.training.schedule import rate_factor

NUM_CODES = (100, 150, 200, 200, 300, 500)
"""Points that become codes, drawn for each guise."""
RIGHT_WITHIN = 0.03
"""Distance, in spreads of the scene, within which a coordinate counts as right."""


@dataclass(frozen=True, kw_only=True)
class JointTrainingConfig:
    """How long and on how much to train."""

    minutes: float
    seed: int = 0
    rate: float = 3e-4
    pixels: int = 768
    """Pixels of mapping views in a batch, and as many of other views."""
    guises: int = 48
    """Guises trained in turn."""
    longest_life: int = 80
    """Most visits to a guise before another takes its place."""
    guises_per_step: int = 2
    confidence_weight: float = 0.2
    checkpoint_seconds: float = 90.0


class JointTraining:
    """Decoder, start of codes and the guises they are trained on."""

    def __init__(
        self,
        scenes: Sequence[EpisodeScene],
        networks: tuple[PaperDecoder, CodeStart],
        config: JointTrainingConfig,
    ) -> None:
        self._scenes = scenes
        self._config = config
        self._decoder, self._start = networks
        for network in networks:
            network.train().requires_grad_(True)
        self._parameters = [p for network in networks for p in network.parameters()]
        self._optimizer = torch.optim.AdamW(self._parameters, lr=config.rate, weight_decay=0.0)
        self._rng = np.random.default_rng(config.seed)
        self._generator = stream(config.seed, "pixels")
        self._guises: list[tuple[Guise, int] | None] = [None] * config.guises

    def step(self, factor: float) -> dict[str, float]:
        """Visit some guises and update everything; returns mean losses by name."""
        for group in self._optimizer.param_groups:
            group["lr"] = factor * self._config.rate
        self._optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for slot in self._rng.choice(len(self._guises), self._config.guises_per_step, False):
            for name, value in self._visit(int(slot)).items():
                sums[name] = sums.get(name, 0.0) + value / self._config.guises_per_step
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        if bool(torch.isfinite(norm)):
            self._optimizer.step()
        return sums

    def _visit(self, slot: int) -> dict[str, float]:
        guise = self._guise(slot)
        guise.optimizer.zero_grad(set_to_none=True)
        batch = guise.draw(self._config.pixels, self._generator)
        codes = as_if_stored(guise.codes(self._start), self._generator)
        out = self._decoder(batch.descriptors, codes)
        predicted, logits = out.xyz_in_voxel_lengths, out.confidence_logit
        error = (predicted.detach() - batch.xyz).norm(dim=-1)
        is_right = batch.is_known & (error < RIGHT_WITHIN)
        coordinate = bounded_loss(predicted, batch.xyz, batch.is_known)
        confidence = confidence_loss(logits, is_right, batch.is_uniform)
        (coordinate + self._config.confidence_weight * confidence).backward()
        guise.optimizer.step()
        right = (is_right & batch.is_uniform).sum(dim=1) / batch.is_uniform.sum(dim=1)
        near = (is_right & ~batch.is_uniform).sum(dim=1) / (~batch.is_uniform).sum(dim=1).clamp(1)
        return {
            "coordinate": float(coordinate.detach()),
            "confidence": float(confidence.detach()),
            "right_mapping": float(right[0]),
            "right_other": float(right[1]),
            "right_near_mapping": float(near[0]),
            "right_near_other": float(near[1]),
        }

    def _guise(self, slot: int) -> Guise:
        held = self._guises[slot]
        if held is None or held[1] <= 0:
            made = Guise(
                self._scenes[int(self._rng.integers(len(self._scenes)))],
                num_codes=int(self._rng.choice(NUM_CODES)),
                num_blocks=self._decoder.config.num_blocks,
                width=self._decoder.config.width,
                rng=self._rng,
            )
            held = made, int(self._rng.integers(1, self._config.longest_life))
        self._guises[slot] = held[0], held[1] - 1
        return held[0]


def as_if_stored(tokens: CodeTokens, generator: torch.Generator) -> CodeTokens:
    """Add the noise of storing each channel in 8 bits."""
    values = tokens.values
    step = values.detach().abs().amax(dim=(1, 2), keepdim=True) / 127
    noise = torch.rand(values.shape, generator=generator) - 0.5
    return CodeTokens(values + step * noise, tokens.is_kept)


def new_networks(
    scenes: Sequence[EpisodeScene], config: PaperDecoderConfig, *, seed: int
) -> tuple[PaperDecoder, CodeStart]:
    """Build networks that match by nearest neighbour, in a space fitted to the scenes."""
    descriptors, group, first = [], [], 0
    for scene in scenes:
        keep = scene.obs_point_idx % 7 == 0  # a seventh of the points is plenty
        descriptors.append(scene.obs_descriptors.numpy()[keep])
        group.append(scene.obs_point_idx[keep] + first)
        first += len(scene.points_xyz)
    space = CodeSpace.fit(
        np.concatenate(descriptors),
        np.concatenate(group),
        num_values=config.width // config.num_heads - 1,
        within_weight=0.0,  # principal components: whitening costs a third of the right matches
    )
    return matching_decoder(config, space, no_match_cosine=0.65, generator=stream(seed, "networks"))


def train(
    scenes: Sequence[EpisodeScene],
    networks: tuple[PaperDecoder, CodeStart],
    *,
    config: JointTrainingConfig,
    out: Path,
) -> None:
    """Train for the given time, with a checkpoint now and then."""
    training = JointTraining(scenes, networks, config)
    started = time.monotonic()
    limit, saved, sums, num_steps = 60 * config.minutes, 0.0, dict[str, float](), 0
    card = {
        "scenes": len(scenes),
        "seed": config.seed,
        "data": "rendered scenes and photographs on planes",
    }
    while (seconds := time.monotonic() - started) < limit:
        losses = training.step(rate_factor(num_steps, seconds / limit, warm_up_steps=200))
        num_steps += 1
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value / 100
        if num_steps % 100 == 0:
            entry = {"step": num_steps, "seconds": round(seconds), **sums}
            with (out / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            sums = {}
        if seconds - saved > config.checkpoint_seconds:
            saved = seconds
            write_paper_weights(
                out / "paper.safetensors", *networks, card={**card, "steps": num_steps}
            )
    write_paper_weights(out / "paper.safetensors", *networks, card={**card, "steps": num_steps})


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from OUT/paper.safetensors")
    parser.add_argument("--skip", type=int, default=0, help="leave out the last scenes of each DIR")
    parser.add_argument("--cache", type=Path, help="folder that keeps scenes; default OUT")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    folders: list[Path] = []
    for root in args.scenes:
        own = sorted(path.parent for path in root.glob("*/cameras.json"))
        folders += own[: len(own) - args.skip]
    if not folders:
        raise DataError(str(args.scenes[0]), "holds no data sets", "Make scenes first.")
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    made = cached_scenes(folders, args.cache or args.out, holds_out_queries=False)
    scenes = [EpisodeScene.from_training_scene(scene) for scene in made]
    config = JointTrainingConfig(minutes=args.minutes, seed=args.seed)
    if args.resume:
        networks = read_paper_weights(args.out / "paper.safetensors")[:2]
    else:
        shape = PaperDecoderConfig(width=128, num_blocks=4, hidden_factor=2)
        networks = new_networks(scenes, shape, seed=args.seed)
    train(scenes, networks, config=config, out=args.out)


if __name__ == "__main__":
    main()
