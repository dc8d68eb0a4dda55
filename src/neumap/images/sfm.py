"""Poses a folder of bare photos by structure from motion (pycolmap), in a process of its own."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from neumap.errors import DataError, Fault, MappingError, PhotoError
from neumap.images import colmap_reader
from neumap.images.assembly import examples
from neumap.images.checks import MIN_IMAGES, check_image_set
from neumap.images.exif import orientation_warning
from neumap.images.photo import photo_size
from neumap.images.posed_image import ImageSet

MAX_EXHAUSTIVE = 150
"""Up to so many photos every pair is matched; beyond, each with its neighbours by name."""
SEQUENTIAL_OVERLAP = 20
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def pose_photos(folder: Path, *, workspace: Path, seed: int = 0) -> ImageSet:
    """Return the photos below a folder with poses computed from them; units are unknown.

    One camera is shared if all photos have one size. Everything is written to `workspace` (made
    if missing), nothing to `folder`. Raises DataError listing unreadable photos, MappingError if
    fewer than 4 photos can be posed or pycolmap is not installed.
    """
    names = find_photos(folder)
    sizes, warnings = _read_headers(folder, names)
    if len(names) < MIN_IMAGES:
        reason = f"has {len(names)} photos, at least {MIN_IMAGES} are needed"
        raise DataError(str(folder), reason, "Add overlapping JPEG or PNG photos.")
    if importlib.util.find_spec("pycolmap") is None:
        raise MappingError(
            str(folder), "posing photos needs pycolmap, which has no wheel here", "Supply poses."
        )
    model_folder = _run_worker(folder, names, workspace=workspace, sizes=sizes, seed=seed)
    image_set = check_image_set(colmap_reader.read_model(folder, model_folder, layout="sfm"))
    unposed = sorted(set(names) - {image.name for image in image_set.images})
    if len(image_set.images) < MIN_IMAGES:
        raise MappingError(
            str(folder),
            f"only {len(image_set.images)} of {len(names)} photos could be posed",
            "Add photos between those there are, with more overlap.",
        )
    warnings.append("Poses come from structure from motion: the unit of length is unknown.")
    if len(names) > MAX_EXHAUSTIVE:
        warnings.append(
            f"More than {MAX_EXHAUSTIVE} photos: each was matched with its {SEQUENTIAL_OVERLAP} "
            "neighbours by name only."
        )
    if unposed:
        warnings.append(f"{examples(unposed)} of {len(names)} photos could not be posed.")
    return replace(image_set, warnings=(*image_set.warnings, *warnings))


def find_photos(folder: Path) -> tuple[str, ...]:
    """Return the names of all JPEG and PNG files below a folder, sorted, hidden ones left out."""
    if not folder.is_dir():
        raise DataError(str(folder), "is not a folder", "Name a folder of photos.")
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    names = (path.relative_to(folder) for path in paths if path.is_file())
    return tuple(
        sorted(name.as_posix() for name in names if not any(p.startswith(".") for p in name.parts))
    )


def _read_headers(folder: Path, names: tuple[str, ...]) -> tuple[set[tuple[int, int]], list[str]]:
    """Return the sizes that occur and warnings on EXIF rotation; all bad photos at once."""
    sizes: set[tuple[int, int]] = set()
    rotated: list[str] = []
    faults: list[Fault] = []
    for name in names:
        try:
            sizes.add(photo_size(folder / name))
            if orientation_warning(folder / name) is not None:
                rotated.append(name)
        except PhotoError as error:
            faults.extend(error.faults)
    if faults:
        raise DataError.from_faults(faults)
    if not rotated:
        return sizes, []
    return sizes, [f"{examples(rotated)} photos have an EXIF rotation, which is ignored."]


def _run_worker(
    folder: Path,
    names: tuple[str, ...],
    *,
    workspace: Path,
    sizes: set[tuple[int, int]],
    seed: int,
) -> Path:
    """Run structure from motion and return the folder of the model."""
    workspace.mkdir(parents=True, exist_ok=True)
    for stale in (*workspace.glob("features.db*"), *(workspace / "model").glob("*.bin")):
        stale.unlink(missing_ok=True)
    (workspace / "models").mkdir(exist_ok=True)
    job = workspace / "job.json"
    content = {
        "photos": str(folder.resolve()),
        "names": list(names),
        "workspace": str(workspace.resolve()),
        "single_camera": len(sizes) == 1,
        "sequential_overlap": 0 if len(names) <= MAX_EXHAUSTIVE else SEQUENTIAL_OVERLAP,
        "seed": seed,
    }
    job.write_text(json.dumps(content), encoding="utf-8")
    log = workspace / "sfm.log"
    command = [sys.executable, "-m", "neumap.images.sfm_worker", str(job)]
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 3:
        raise MappingError(
            str(folder), "no photos could be posed together", "Add photos with more overlap."
        )
    if done.returncode != 0:
        reason = f"structure from motion ended with code {done.returncode}"
        raise MappingError(str(folder), reason, f"See {log}.")
    return workspace / "model"
