"""SIFT key-points as COLMAP finds them (Lowe, IJCV 2004; RootSIFT of Arandjelovic, CVPR 2012)."""

import importlib
from importlib.util import find_spec

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from neumap.errors import OptionError
from neumap.features import AbstractExtractor, LocalFeatures

MAX_KEY_POINTS = 2000
"""COLMAP's default is 8,192; so many as all other methods have."""
_MAX_SIDE = 1600  # larger photos are reduced


class SiftExtractor(AbstractExtractor):
    """SIFT on the CPU by pycolmap, its defaults but for the number of key-points."""

    def __init__(self) -> None:
        """Raise OptionError where pycolmap has no wheel."""
        if find_spec("pycolmap") is None:
            raise OptionError("sift", "needs pycolmap, which has no wheel here", "Leave it out.")
        pycolmap = importlib.import_module("pycolmap")  # slow to import
        options = pycolmap.FeatureExtractionOptions()
        options.use_gpu = False
        options.num_threads = 1
        options.sift.max_num_features = MAX_KEY_POINTS
        self._sift = pycolmap.Sift(options, device=pycolmap.Device.cpu)
        self._version = str(pycolmap.__version__)

    @property
    def identity(self) -> str:
        """Name, settings and version."""
        return f"sift-pycolmap-{self._version}-k{MAX_KEY_POINTS}"

    @property
    def descriptor_dim(self) -> int:
        """128 values."""
        return 128

    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Describe one photo; larger scales first, as COLMAP prefers them."""
        height, width = rgb.shape[:2]
        picture = Image.fromarray(rgb).convert("L")
        shrink = min(1.0, _MAX_SIDE / max(height, width))
        if shrink < 1:
            size = round(width * shrink), round(height * shrink)
            picture = picture.resize(size, Image.Resampling.BOX)
        key_points, descriptors = self._sift.extract(np.array(picture, dtype=np.uint8))
        scale = key_points[:, 2]
        order = np.argsort(-scale, kind="stable")[:MAX_KEY_POINTS]
        norms = np.linalg.norm(descriptors[order], axis=1, keepdims=True)
        return LocalFeatures(
            key_points[order, :2] * (width / picture.width, height / picture.height),
            (descriptors[order] / np.maximum(norms, 1e-12)).astype(np.float32),
            scale[order].astype(np.float32),
        )
