"""Train the denoiser of dark photos: python -m neumap.training.train_denoiser.

Clean crops of photos are degraded as by night (`noisy_photos`); the network learns to give XFeat
and the blob detector what they see in the clean crop. A stopped run goes on with --resume.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from neumap.errors import DataError, NeumapError
from neumap.features.blobs import difference_of_gaussians
from neumap.features.denoiser import DenoisingNetwork, normalised, write_denoiser
from neumap.features.xfeat import published_by_xfeat, published_network
from neumap.features.xfeat_network import XFeatNetwork
from neumap.images import Split
from neumap.images.detect import read_images
from neumap.images.photo import load_photo
from neumap.training.checkpoint import load_checkpoint, save_checkpoint
from neumap.training.noisy_photos import Copies, NoiseConfig, draw_pair, scaled_copies
from neumap.training.random_streams import stream
from neumap.training.schedule import optimizer_of, rate_factor, set_rates

_CROPS_PER_STEP = 6
_RATE = 2e-3
_WARM_UP_STEPS = 200
_BORDER_PX = 8  # not judged: what lies beyond a crop is not known
_WEIGHTS = {"blobs": 1.0, "grey": 0.5, "descriptors": 4.0, "reliability": 2.0}
_LOG_EVERY = 100
_CHECKPOINT_EVERY = 500
_SUFFIXES = (".jpg", ".jpeg", ".png")


def read_groups(
    photo_folders: Sequence[Path], captures: Sequence[Path], *, least_side: int
) -> list[list[Copies]]:
    """Read the photos of each folder, and the mapping photos of all captures as one more group.

    Raises DataError where a folder has no photo or a capture cannot be read.
    """
    groups: list[list[Copies]] = []
    for folder in photo_folders:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
        if not paths:
            raise DataError(str(folder), "holds no .jpg or .png photo", "Name a folder of photos.")
        groups.append(_copies(paths, least_side))
    mapped = [
        image.path
        for capture in captures
        for image in Split.read(capture / "split.json").apply(read_images(capture))[0]
    ]
    return [*groups, _copies(mapped, least_side)] if mapped else groups


def _copies(paths: Sequence[Path], least_side: int) -> list[Copies]:
    copies = [scaled_copies(load_photo(path), least_side=least_side) for path in paths]
    return [photo for photo in copies if photo]


def denoiser_losses(
    network: DenoisingNetwork,
    xfeat: XFeatNetwork,
    clean: Float[Tensor, "crop 3 side side"],
    noisy: Float[Tensor, "crop 3 side side"],
) -> dict[str, Float[Tensor, ""]]:
    """Compare what is seen in cleaned crops with what is seen in the clean ones."""
    with torch.no_grad():
        target = normalised(clean.mean(dim=1, keepdim=True))
        target_descriptors, target_reliability = _described(xfeat, target)
        target_blobs = _inner_blobs(target)
        size_of_blobs = target_blobs.abs().mean(dim=(1, 2), keepdim=True) + 0.01
    grey = network(noisy).float()
    descriptors, reliability = _described(xfeat, xfeat.norm(grey))
    unlikeness = 1 - (descriptors * target_descriptors).sum(dim=1, keepdim=True)
    weight = target_reliability + 0.1
    gap = (grey - target)[..., _BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX]
    return {
        "blobs": ((_inner_blobs(grey) - target_blobs).abs() / size_of_blobs).mean(),
        "grey": gap.abs().mean(),
        "descriptors": (unlikeness * weight).sum() / weight.sum(),
        "reliability": (reliability - target_reliability).abs().mean(),
    }


def train_denoiser(
    network: DenoisingNetwork,
    groups: list[list[Copies]],
    *,
    max_seconds: float,
    max_steps: int,
    seed: int,
    folder: Path,
    resumes: bool = False,
    device: str = "cpu",
) -> int:
    """Train until a limit; return the number of steps, also those before it was resumed.

    Checkpoints and `log.jsonl` go to `folder`. Crops of a step depend on seed and step alone; with
    `max_steps` the smaller limit, a run is repeatable. The network is on the CPU again when the run
    ends.
    """
    network.to(device)
    xfeat = published_network().to(device)
    config = NoiseConfig()
    optimizer = optimizer_of([(list(network.parameters()), _RATE)])
    state = load_checkpoint(folder, network, optimizer) if resumes else None
    step, spent = (state["step"], state["seconds"]) if state is not None else (0, 0.0)
    log = folder / "log.jsonl"
    if state is None:
        log.write_text("", encoding="utf-8")
    started = time.monotonic() - spent
    sums = dict.fromkeys(_WEIGHTS, 0.0)
    while step < max_steps and time.monotonic() - started < max_seconds:
        progress = max(step / max_steps, (time.monotonic() - started) / max_seconds)
        set_rates(optimizer, rate_factor(step, progress, warm_up_steps=_WARM_UP_STEPS))
        rng = np.random.default_rng([seed, 11, step])
        pairs = [draw_pair(rng, groups, config) for _ in range(_CROPS_PER_STEP)]
        clean, noisy = (
            torch.from_numpy(np.stack(side)).to(device).permute(0, 3, 1, 2).float()
            for side in zip(*pairs, strict=True)
        )
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            losses = denoiser_losses(network, xfeat, clean, noisy)
        optimizer.zero_grad(set_to_none=True)
        total = torch.stack([_WEIGHTS[name] * loss for name, loss in losses.items()]).sum()
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if bool(torch.isfinite(norm)):
            optimizer.step()
        step += 1
        for name, loss in losses.items():
            sums[name] += float(loss.detach())
        if step % _LOG_EVERY == 0:
            entry = {name: round(value / _LOG_EVERY, 5) for name, value in sums.items()}
            sums = dict.fromkeys(_WEIGHTS, 0.0)
            seconds = round(time.monotonic() - started, 1)
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "seconds": seconds, **entry}) + "\n")
        if step % _CHECKPOINT_EVERY == 0:
            now = {"step": step, "seconds": time.monotonic() - started}
            save_checkpoint(folder, network, optimizer, state=now)
    now = {"step": step, "seconds": time.monotonic() - started}
    save_checkpoint(folder, network, optimizer, state=now)
    network.to("cpu")
    return step


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; return the exit code (2 on bad input)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders of photos")
    parser.add_argument("--captures", type=Path, nargs="*", default=[], help="rendered captures")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint and weights")
    parser.add_argument("--data-note", default="", help="sources and licences, for the card")
    parser.add_argument("--minutes", type=float, default=40.0, help="training time")
    parser.add_argument("--max-steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from OUT's checkpoint")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    config = NoiseConfig()
    network = DenoisingNetwork()
    network.initialise(stream(options.seed, "denoiser"))
    try:
        groups = read_groups(options.photos, options.captures, least_side=config.side)
        steps = train_denoiser(
            network,
            groups,
            max_seconds=60 * options.minutes,
            max_steps=options.max_steps,
            seed=options.seed,
            folder=options.out,
            resumes=options.resume,
            device=options.device,
        )
    except NeumapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    card = {
        "name": "denoiser",
        "date": date.today().isoformat(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "command": "python -m neumap.training.train_denoiser --photos PHOTOS TEXTURES "
        "--captures RENDERED/scene-* --out OUT "
        f"--minutes {options.minutes:g} --seed {options.seed}",
        "data": options.data_note,
        "photos": [len(group) for group in groups],
        "steps": steps,
        "crops_per_step": _CROPS_PER_STEP,
        "noise": asdict(config),
        "loss_weights": _WEIGHTS,
        "taught_by": f"XFeat {published_by_xfeat('xfeat.pt')[1][:12]} (Apache-2.0)",
    }
    write_denoiser(network, options.out / "denoiser.safetensors", card=card)
    sys.stderr.write(f"{steps} steps\n")
    return 0


def _described(
    xfeat: XFeatNetwork, grey: Float[Tensor, "crop 1 side side"]
) -> tuple[Float[Tensor, "crop 64 rows columns"], Float[Tensor, "crop 1 rows columns"]]:
    descriptors, reliability = xfeat.describe(grey)
    return functional.normalize(descriptors.float(), dim=1), reliability.float()


def _inner_blobs(grey: Float[Tensor, "crop 1 side side"]) -> Float[Tensor, "crop rows columns"]:
    """What the blob detector looks at, without the crops' borders."""
    inner = slice(_BORDER_PX, -_BORDER_PX)
    return torch.stack([difference_of_gaussians(crop[0].float()) for crop in grey])[:, inner, inner]


if __name__ == "__main__":
    sys.exit(main())
