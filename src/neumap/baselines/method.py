"""What every compared method is: photos of a fold in, a localiser with its bytes out."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

from neumap.errors import OptionError
from neumap.evaluation.predictions import Localizer
from neumap.features.xfeat import Detector, XFeatConfig, XFeatExtractor
from neumap.images import ImageSet, PosedImage, Split
from neumap.scene.build_scene import build_scene, describe_with
from neumap.scene.scene import Scene


@dataclass(frozen=True, kw_only=True, eq=False)
class TimedScene:
    """A scene and the time that it took from the files."""

    scene: Scene
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """What every method maps from and is asked about."""

    image_set: ImageSet
    split: Split
    """Names of the photos to map, and of the queries."""
    _scenes: dict[Detector, TimedScene] = field(
        default_factory=dict[Detector, TimedScene], init=False, repr=False
    )

    @cached_property
    def mapped(self) -> tuple[PosedImage, ...]:
        """The photos to map that have a pose; DataError if the split names others than the set."""
        images, _ = self.split.apply(self.image_set)
        return tuple(image for image in images if image.cam_from_world is not None)

    def timed_scene(self, detector: Detector) -> TimedScene:
        """The points that key-points of the mapped photos show, found once for all methods.

        Raises MappingError where the photos show too few.
        """
        if detector not in self._scenes:
            start = time.perf_counter()
            describe = describe_with(XFeatExtractor(XFeatConfig(detector=detector)))
            scene = build_scene(self.mapped, describe, units=self.image_set.units)
            self._scenes[detector] = TimedScene(scene=scene, seconds=time.perf_counter() - start)
        return self._scenes[detector]


@dataclass(frozen=True, kw_only=True, eq=False)
class BuiltMap:
    """A map that can be asked, with what it costs."""

    localizer: Localizer
    num_bytes: int
    """All that has to be kept to localise a photo, networks aside."""
    mapping_seconds: float
    """From the photos' files on, work that methods share included."""


@runtime_checkable
class Method(Protocol):
    """A way to map a place and to localise photos in it."""

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        ...

    @property
    def has_budget(self) -> bool:
        """Whether the bytes of a map can be chosen."""
        ...

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Map the fold's photos.

        Raises OptionError where a budget is missing or cannot be met, or is given to a method
        without one; DataError, PhotoError and MappingError as mapping does.
        """
        ...


def required_budget(name: str, budget_bytes: int | None) -> int:
    """Return the budget of a method that needs one; OptionError without one."""
    if budget_bytes is None:
        raise OptionError(name, "has no budget of bytes", "Give one, such as 4200.")
    return budget_bytes


def refuse_budget(name: str, budget_bytes: int | None) -> None:
    """Raise OptionError where a budget is given to a method whose bytes cannot be chosen."""
    if budget_bytes is not None:
        raise OptionError(
            name, f"cannot be built within {budget_bytes} bytes", "Build it without a budget."
        )
