"""Features of the benchmarks' photos, by day and by night, of both kinds of key-points."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.methods import SUFFIXES, Scenes
from benchmarks.night import NIGHT_LEVELS, NightExtractor
from benchmarks.sets import Fold
from neumap.features import LocalFeatures
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import Detector, XFeatConfig, XFeatExtractor
from neumap.images import PosedImage
from neumap.images.posed_image import Units
from neumap.scene.build_scene import Describe, build_scene

DAY = 0
DETECTORS: tuple[Detector, ...] = tuple(SUFFIXES)
Queries = Mapping[Detector, list[tuple[PosedImage, LocalFeatures]]]
"""Photos and their features, by the detector of the key-points."""


class PhotoDescriber:
    """Features of photos by day and at each level of night, kept in a folder."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache
        self._describe: dict[tuple[Detector, int], Describe] = {}
        for detector in DETECTORS:
            day = XFeatExtractor(XFeatConfig(detector=detector))
            self._describe[detector, DAY] = FeatureCache(cache, day).describe
            for level, night in NIGHT_LEVELS.items():
                dark = FeatureCache(cache, NightExtractor(day, night))
                self._describe[detector, level] = dark.describe

    def day(self, detector: Detector) -> Describe:
        """Return what describes photos as they are."""
        return self._describe[detector, DAY]

    def scenes(
        self, fold: Fold, *, units: Units, detectors: Sequence[Detector] = DETECTORS
    ) -> Scenes:
        """Find the points of the mapped photos; MappingError where they show too few."""
        return {
            detector: build_scene(fold.mapped, self.day(detector), units=units)
            for detector in detectors
        }

    def queries(
        self,
        images: Sequence[PosedImage],
        *,
        level: int = DAY,
        detectors: Sequence[Detector] = DETECTORS,
    ) -> Queries:
        """Describe photos at a level of night."""
        return {
            detector: [(image, self._describe[detector, level](image)) for image in images]
            for detector in detectors
        }
