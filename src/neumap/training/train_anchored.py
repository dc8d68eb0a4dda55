"""Pre-train the `anchored` decoder: python -m neumap.training.train_anchored.

Scenes are folders that `neumap.images` reads, with poses; made ones come from
`neumap.rendering.make_training_scenes`. A stopped run goes on with --resume.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.decoder.weights import save_anchored_decoder
from neumap.errors import NeumapError
from neumap.training.anchored_card import make_card
from neumap.training.anchored_config import AnchoredTrainingConfig
from neumap.training.anchored_trainer import train_anchored
from neumap.training.episodes import EpisodeSource
from neumap.training.random_streams import stream
from neumap.training.scene_cache import TrainingScene, cached_scenes


def fit_code_space(scenes: Sequence[TrainingScene]) -> CodeSpace:
    """Fisher's discriminant over all observations of all scenes."""
    descriptors: list[np.ndarray] = []
    groups: list[np.ndarray] = []
    offset = 0
    for training_scene in scenes:
        points, views = training_scene.scene.points, training_scene.scene.views
        first = np.cumsum([0] + [len(view.features) for view in views])
        everything = np.concatenate([view.features.descriptors for view in views])
        descriptors.append(everything[first[points.obs_view_idx] + points.obs_pixel_idx])
        groups.append(points.obs_point_idx + offset)
        offset += len(points)
    return CodeSpace.fit(np.concatenate(descriptors), np.concatenate(groups))


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; return the exit code (2 on bad input)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="data set folders")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint and weights")
    parser.add_argument("--cache", type=Path, help="folder for built scenes (default: OUT/cache)")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], help="folders to test on")
    parser.add_argument("--data-note", default="", help="sources and licences, for the card")
    parser.add_argument("--minutes", type=float, default=25.0, help="training time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--levels", type=int, default=4, help="levels of a code's values (decision 001)"
    )
    parser.add_argument(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="what computes; a GPU, if there is one, in bfloat16",
    )
    parser.add_argument("--resume", action="store_true", help="go on from OUT's checkpoint")
    options = parser.parse_args(argv)
    cache = options.cache if options.cache is not None else options.out / "cache"
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        scenes = cached_scenes(options.scenes, cache, holds_out_queries=False)
        decoder = AnchoredDecoder(
            fit_code_space(scenes).with_levels(options.levels),
            # What won on held-out scenes: docs/decisions/001-anchored-decoder.md.
            AnchoredDecoderConfig(matches="union", num_levels=options.levels),
            generator=stream(options.seed, "anchored decoder"),
        )
        config = AnchoredTrainingConfig(
            max_seconds=60 * options.minutes, is_bf16=options.device != "cpu"
        )
        source = EpisodeSource(scenes, config.episodes, seed=options.seed)
        steps = train_anchored(
            decoder,
            source,
            config=config,
            seed=options.seed,
            folder=options.out,
            resumes=options.resume,
            device=options.device,
        )
        run = {
            "command": "python -m neumap.training.train_anchored --scenes ... --out OUT "
            f"--minutes {options.minutes:g} --seed {options.seed} --levels {options.levels}",
            "data": options.data_note,
            "steps": steps,
            "episodes_per_step": config.episodes_per_step,
        }
        _write(decoder, options, cache, trained_on=[scene.name for scene in scenes], run=run)
    except NeumapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(f"{steps} steps on {len(scenes)} scenes, {len(source)} maps\n")
    return 0


def _write(
    decoder: AnchoredDecoder,
    options: argparse.Namespace,
    cache: Path,
    *,
    trained_on: list[str],
    run: dict[str, str | int],
) -> None:
    """Write weights and card, with figures on the scenes that were held out."""
    path = options.out / "anchored.safetensors"
    save_anchored_decoder(decoder, path)
    held_out = cached_scenes(options.held_out, cache, holds_out_queries=True)
    card = make_card(decoder, path.read_bytes(), trained_on=trained_on, held_out=held_out, run=run)
    text = json.dumps(card, indent=1) + "\n"
    (options.out / "anchored.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
