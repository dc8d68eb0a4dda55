"""The image sets of the benchmarks, and which photos are mapped and queried in each fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neumap.images import PosedImage, Split, read_images
from neumap.images.posed_image import Units

SMALL_SETS = ("fox", "strecha_Herz-Jesus-P25", "strecha_fountain-P11", "shelf50", "lund_door")
TEST_SETS = ("redkitchen", *SMALL_SETS)
DEV_SETS = ("redkitchen", "shelf50", "lund_door")
MADE = "made"  # the name of all made scenes as one set
NUM_FOLDS = 5
_LARGE_SET = "redkitchen"
_THINNED = 4  # one mapping photo in so many is kept
_QUARTERS = 4


@dataclass(frozen=True)
class Fold:
    """Photos to map and photos to find in the map."""

    mapped: tuple[PosedImage, ...]
    queries: tuple[PosedImage, ...]

    def thinned(self) -> "Fold":
        """Keep one mapping photo in four, and all queries."""
        return Fold(self.mapped[::_THINNED], self.queries)


@dataclass(frozen=True, kw_only=True)
class BenchSet:
    """One set with its folds; the folds' queries are pooled."""

    name: str
    layout: str
    units: Units
    folds: tuple[Fold, ...]
    """The set as it is."""
    gap_folds: tuple[Fold, ...]
    """A contiguous quarter of the path has no mapping photos; its frames are the queries."""

    @property
    def thin_folds(self) -> tuple[Fold, ...]:
        """The folds with one mapping photo in four."""
        return tuple(fold.thinned() for fold in self.folds)


def folds_of(name: str, images: Sequence[PosedImage], query_step: int) -> tuple[Fold, ...]:
    """700 and 300 frames in order for redkitchen, of whose queries every n-th; else five folds."""
    if name == _LARGE_SET:
        return (Fold(tuple(images[:700]), tuple(images[700::query_step])),)
    folds: list[Fold] = []
    for fold in range(NUM_FOLDS):
        mapped = tuple(image for i, image in enumerate(images) if i % NUM_FOLDS != fold)
        folds.append(Fold(mapped, tuple(images[fold::NUM_FOLDS])))
    return tuple(folds)


def gap_fold(images: Sequence[PosedImage], quarter: int, *, query_step: int = 1) -> Fold:
    """Leave out one quarter (0 to 3) of the frames in order and query every n-th of it."""
    start = round(quarter * len(images) / _QUARTERS)
    stop = round((quarter + 1) * len(images) / _QUARTERS)
    return Fold((*images[:start], *images[stop:]), tuple(images[start:stop:query_step]))


def read_set(folder: Path, query_step: int, *, is_dev: bool = False) -> BenchSet:
    """Read a real set; with `is_dev`, only redkitchen's frames 0 to 699 are read.

    All four quarters of a small set take turns as the gap, of redkitchen the second one alone.
    """
    image_set = read_images(folder)
    images, name = image_set.images, folder.name
    if name != _LARGE_SET:
        folds = folds_of(name, images, 1)
        gaps = tuple(gap_fold(images, quarter) for quarter in range(_QUARTERS))
    else:
        if is_dev:
            images = images[:700]
            folds = (Fold(images[:500], images[500::query_step]),)
        else:
            folds = folds_of(name, images, query_step)
        gaps = (gap_fold(images, 1, query_step=query_step),)
    return BenchSet(
        name=name, layout=image_set.layout, units=image_set.units, folds=folds, gap_folds=gaps
    )


def read_made_scenes(folder: Path) -> BenchSet:
    """Pool the captures in a folder of `make_training_scenes` to one set, each scene a fold.

    Half of the queries are rendered by night. The gap is the second quarter of the mapping walk.
    """
    folds: list[Fold] = []
    gaps: list[Fold] = []
    for scene in made_scene_folders(folder):
        mapped, queries = Split.read(scene / "split.json").apply(read_images(scene))
        folds.append(Fold(mapped, queries))
        gaps.append(gap_fold(mapped, 1))
    return BenchSet(
        name=MADE, layout="capture", units="metre", folds=tuple(folds), gap_folds=tuple(gaps)
    )


def made_scene_folders(folder: Path) -> list[Path]:
    """The finished captures of a folder, in order."""
    return sorted(path.parent for path in folder.glob("*/cameras.json"))
