"""Photos in files or arrays to poses, by any reader of a scene and neumap's own search."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neumap.features import AbstractExtractor
from neumap.features.xfeat import Detector, XFeatConfig, XFeatExtractor, fastest_engine
from neumap.geometry import Camera
from neumap.images.exif import camera_from_exif
from neumap.images.photo import load_photo
from neumap.localizer import Localizer, LocalizerConfig, SceneReader
from neumap.pose import PoseEstimate, PoseFailure

ReaderOfSize = Callable[[tuple[int, int]], SceneReader]
"""Gives the reader for a photo of some (width, height)."""


def query_extractor(detector: Detector) -> XFeatExtractor:
    """XFeat as maps describe queries, so that all methods spend the same time on it."""
    return XFeatExtractor(XFeatConfig(detector=detector, engine=fastest_engine()))


class PhotoLocalizer:
    """Localises photos with a reader's first matches and neumap's search and judgement."""

    def __init__(
        self,
        extractor: AbstractExtractor,
        reader_of_size: ReaderOfSize,
        *,
        config: LocalizerConfig | None = None,
    ) -> None:
        self._extractor = extractor
        self._reader_of_size = reader_of_size
        self._config = config

    def localize(
        self,
        photo: Path | UInt8[np.ndarray, "height width 3"],
        *,
        camera: Camera | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Return the photo's pose or why there is none; PhotoError where it cannot be read.

        Without a camera, that of the file's EXIF block is taken, or the focal length estimated.
        """
        if isinstance(photo, np.ndarray):
            rgb, known = photo, camera
        else:
            rgb = load_photo(photo)
            known = camera if camera is not None else camera_from_exif(photo)
        reader = self._reader_of_size((rgb.shape[1], rgb.shape[0]))
        localizer = Localizer(self._extractor, reader, config=self._config)
        return localizer.localize(rgb, camera=known)
