"""Write many captures for pre-training: python -m neumap.rendering.make_training_scenes.

Kinds take turns (two rooms, a corridor, a facade, a courtyard); with --photos, planes that carry
these photographs. In some scenes things are moved or taken away between the two walks. A scene
that is finished already is skipped, so a stopped run can go on.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from neumap.errors import NeumapError, OptionError
from neumap.rendering.capture import CaptureSpec, write_capture
from neumap.rendering.corridor import build_corridor
from neumap.rendering.courtyard import build_courtyard
from neumap.rendering.facade import build_facade
from neumap.rendering.photo_planes import planes_of
from neumap.rendering.place import Place
from neumap.rendering.room import build_room

_BUILDERS = (build_room, build_room, build_corridor, build_facade, build_courtyard)


def training_spec(width: int, height: int, num_frames: int, *, seed: int) -> CaptureSpec:
    """Draw the cameras and light of one training scene, and what moves between the two walks."""
    rng = np.random.default_rng([seed, 1])
    num_query = num_frames // 4
    return CaptureSpec(
        width=width,
        height=height,
        num_map=num_frames - num_query,
        num_query=num_query,
        hfov_deg=float(rng.uniform(55, 75)),
        query_hfov_deg=float(rng.uniform(50, 75)),
        map_night_share=float(rng.choice([0.0, 0.3])),
        query_night_share=0.5,
        moved_share=float(rng.choice([0.0, 0.3, 0.6])),
        removed_share=float(rng.choice([0.0, 0.2])),
    )


def make_training_scenes(
    folder: Path,
    *,
    num_scenes: int,
    seed: int,
    size: tuple[int, int],
    num_frames: int,
    photo_folder: Path | None = None,
) -> int:
    """Write scene-0000 and so on of `size` (width, height); return how many were new."""
    planes = None if photo_folder is None else planes_of(photo_folder)
    num_new = 0
    for number in range(num_scenes):
        scene_folder = folder / f"scene-{number:04d}"
        if (scene_folder / "cameras.json").exists():
            continue
        build: Callable[[np.random.Generator], Place]
        build = _BUILDERS[number % len(_BUILDERS)] if planes is None else planes
        scene_seed = seed * 100_000 + number
        spec = training_spec(*size, num_frames, seed=scene_seed)
        write_capture(scene_folder, build, spec, seed=scene_seed)
        num_new += 1
    return num_new


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.split("x"))
    except ValueError as error:
        raise OptionError("--size", f"{text} is not WIDTHxHEIGHT", "Give e.g. 640x480.") from error
    return width, height


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; return the exit code (2 on bad input)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for scene-0000, ...")
    parser.add_argument("--count", type=int, default=60, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", default="640x480", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--frames", type=int, default=24, help="photos of each scene")
    parser.add_argument("--photos", type=Path, help="folder of photographs to put on planes")
    options = parser.parse_args(argv)
    try:
        make_training_scenes(
            options.out,
            num_scenes=options.count,
            seed=options.seed,
            size=_size(options.size),
            num_frames=options.frames,
            photo_folder=options.photos,
        )
    except NeumapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
