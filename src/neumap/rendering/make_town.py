"""Write a rendered town: python -m neumap.rendering.make_town --out DIR.

A walk by day to map, a walk by day and one by night to query, with other cameras, light and
exposure, and with cars and loose things moved. The folder has the layout of
`neumap.images.capture_reader`, with split.json; the passes are told apart by the photos' names
(map-, day-, night-). A stopped run goes on where it stopped: photos are written whole or not at
all, and each depends on the seed and its own number alone.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from neumap.atomic_file import write_atomically
from neumap.errors import DataError, NeumapError, OptionError
from neumap.images.split import Split
from neumap.rendering.capture import CONVENTION, depth_png, frame_entry, photo_jpeg
from neumap.rendering.town import build_town
from neumap.rendering.town_passes import PASSES, PassName, TownPass, TownShot, plan_shots

SETTINGS_FILE = "town.json"
_LEAST_PHOTOS = 16
_QUERY_SHARE = 0.125  # of all photos, for each of the two query passes
_BYTES_PER_PIXEL = 0.32  # of a photo, on average
_DEPTH_BYTES_PER_PIXEL = 0.6


@dataclass(frozen=True, kw_only=True)
class TownSettings:
    """What decides every byte of the folder."""

    seed: int
    num_photos: int
    width: int
    height: int
    num_blocks: tuple[int, int]
    has_depth: bool

    @property
    def num_by_pass(self) -> dict[PassName, int]:
        """Photos of each pass."""
        num_query = int(_QUERY_SHARE * self.num_photos)
        return {"map": self.num_photos - 2 * num_query, "day": num_query, "night": num_query}

    @property
    def disk_bytes(self) -> int:
        """About how much the folder takes."""
        each = _BYTES_PER_PIXEL + (_DEPTH_BYTES_PER_PIXEL if self.has_depth else 0.0)
        return int(self.num_photos * self.width * self.height * each)


def make_town(folder: Path, settings: TownSettings) -> int:
    """Write what is not there yet; return how many photos were rendered.

    Raises OptionError for a folder of other settings, DataError where the disk is too small.
    """
    _claim(folder, settings)
    if (folder / "cameras.json").exists():
        return 0
    _require_disk(folder, settings)
    town = build_town(np.random.default_rng([settings.seed, 99]), num_blocks=settings.num_blocks)
    size = (settings.width, settings.height)
    shots = plan_shots(town, settings.num_by_pass, size=size, seed=settings.seed)
    # A photo is written after its depth.
    missing = [shot for shot in shots if not (folder / _photo(shot)).exists()]
    start = time.monotonic()
    done = 0
    for name in PASSES:
        own = [shot for shot in missing if shot.pass_name == name]
        if not own:
            continue
        town_pass = TownPass.of(town, name, seed=settings.seed)
        for shot in own:
            _write(folder, shot, town_pass, settings)
            done += 1
            if done % 50 == 0 or done == len(missing):
                _report(done, len(missing), time.monotonic() - start)
    _write_lists(folder, shots, settings)
    return done


def _claim(folder: Path, settings: TownSettings) -> None:
    """Note the settings in the folder, or check those that are noted there."""
    path = folder / SETTINGS_FILE
    noted = json.dumps(asdict(settings), indent=1) + "\n"
    if path.exists():
        if path.read_text(encoding="utf-8") != noted:
            raise OptionError(
                "--out", f"{folder} holds a town of other settings ({path.name})", "Name another."
            )
        return
    for part in ("images", "depth") if settings.has_depth else ("images",):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_atomically(path, noted.encode())


def _require_disk(folder: Path, settings: TownSettings) -> None:
    free = shutil.disk_usage(folder).free
    sys.stderr.write(f"about {settings.disk_bytes / 1e6:.0f} MB for the whole town\n")
    if free < settings.disk_bytes:
        reason = f"has {free / 1e6:.0f} MB left, {settings.disk_bytes / 1e6:.0f} MB are needed"
        raise DataError(str(folder), reason, "Free space, or ask for fewer photos.")


def _write(folder: Path, shot: TownShot, town_pass: TownPass, settings: TownSettings) -> None:
    view = town_pass.take(shot)
    if settings.has_depth:
        write_atomically(folder / "depth" / f"{shot.name}.png", depth_png(view.depth))
    write_atomically(folder / _photo(shot), photo_jpeg(view.rgb))


def _photo(shot: TownShot) -> str:
    return f"images/{shot.name}.jpg"


def _report(done: int, total: int, seconds: float) -> None:
    left_min = seconds / done * (total - done) / 60
    each = seconds / done
    sys.stderr.write(f"{done} of {total} photos, {each:.2f} s each, {left_min:.0f} min left\n")


def _write_lists(folder: Path, shots: Sequence[TownShot], settings: TownSettings) -> None:
    """Write split.json and, as the sign that all is there, cameras.json."""
    mapped = tuple(_photo(shot) for shot in shots if shot.pass_name == "map")
    queries = tuple(_photo(shot) for shot in shots if shot.pass_name != "map")
    Split(mapped, queries).write(folder / "split.json")
    frames = [
        frame_entry(shot.name, shot.camera, shot.cam_from_world, has_depth=settings.has_depth)
        for shot in shots
    ]
    content = {
        "gt": f"rendered, exact (town, seed {settings.seed})",
        "convention": CONVENTION,
        "units": "metre",
        "frames": frames,
    }
    data = json.dumps(content, indent=1) + "\n"
    write_atomically(folder / "cameras.json", data.encode())


def _pair(text: str, option: str) -> tuple[int, int]:
    try:
        first, second = (int(part) for part in text.split("x"))
    except ValueError as error:
        raise OptionError(option, f"{text} is not NUMBERxNUMBER", "Give e.g. 5x4.") from error
    if first < 1 or second < 1:
        raise OptionError(option, f"{text} is out of range", "Use positive numbers.")
    return first, second


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; return the exit code (2 on bad input)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--num-photos", type=int, default=3440, help="of all passes; few show part of the town"
    )
    parser.add_argument("--size", default="320x240", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--blocks", default="5x4", help="blocks of houses from west and south")
    parser.add_argument("--no-depth", action="store_true", help="write photos and poses alone")
    options = parser.parse_args(argv)
    try:
        if options.num_photos < _LEAST_PHOTOS:
            reason = f"{options.num_photos} are too few for three passes"
            raise OptionError("--num-photos", reason, f"Ask for at least {_LEAST_PHOTOS}.")
        width, height = _pair(options.size, "--size")
        settings = TownSettings(
            seed=options.seed,
            num_photos=options.num_photos,
            width=width,
            height=height,
            num_blocks=_pair(options.blocks, "--blocks"),
            has_depth=not options.no_depth,
        )
        make_town(options.out, settings)
    except NeumapError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
