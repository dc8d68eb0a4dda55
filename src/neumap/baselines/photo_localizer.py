"""Photos in files or arrays to poses, by any reader of a scene and neumap's own search."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neumap.features.xfeat import XFeatExtractor
from neumap.geometry import Camera
from neumap.images.exif import camera_from_exif
from neumap.images.photo import load_photo
from neumap.localizer import Localizer, SceneReader
from neumap.pose import PoseEstimate, PoseFailure


class PhotoLocalizer:
    """Localises photos with XFeat, a reader's first matches, and neumap's search and judgement."""

    def __init__(self, reader: SceneReader) -> None:
        self._localizer = Localizer(XFeatExtractor(), reader)

    def localize(
        self,
        photo: Path | UInt8[np.ndarray, "height width 3"],
        *,
        camera: Camera | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Return the photo's pose or why there is none; PhotoError where it cannot be read."""
        if isinstance(photo, np.ndarray):
            return self._localizer.localize(photo, camera=camera)
        known = camera if camera is not None else camera_from_exif(photo)
        return self._localizer.localize(load_photo(photo), camera=known)
