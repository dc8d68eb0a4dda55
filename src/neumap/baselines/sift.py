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
        pycolmap.logging.minloglevel = 1  # it reports every extractor on stderr
        options = pycolmap.FeatureExtractionOptions()
        options.use_gpu = False
        options.num_threads = 1
        options.sift.max_num_features = MAX_KEY_POINTS
        self._sift = pycolmap.FeatureExtractor.create(options, pycolmap.Device.cpu)
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
        found, described = self._sift.extract_from_uint8_array(np.array(picture, dtype=np.uint8))
        xy = np.array([(point.x, point.y) for point in found], dtype=np.float64).reshape(-1, 2)
        scale = np.array([point.compute_scale() for point in found], dtype=np.float32)
        order = np.argsort(-scale, kind="stable")[:MAX_KEY_POINTS]
        descriptors = np.asarray(described.data)[order].astype(np.float32)
        norms = np.linalg.norm(descriptors, axis=1, keepdims=True)
        return LocalFeatures(
            xy[order] * (width / picture.width, height / picture.height),
            descriptors / np.maximum(norms, np.float32(1e-12)),
            scale[order],
        )
