"""GeM of EfficientNet-Lite0: generalised mean of its maps (Radenovic et al. 2019)."""

import hashlib

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor
from torch.nn import functional

from neumap.images import PosedImage
from neumap.images.photo import load_photo
from neumap.retrieval.efficientnet_lite0 import (
    NUM_CHANNELS,
    STRIDE,
    EfficientNetLite0,
    published_network,
)
from neumap.retrieval.global_descriptor import AbstractGlobalDescriptor

_POWER = 3.0  # of the generalised mean, the usual value where it is not learned
_MAX_SIDE = 480  # pixels of the longest side given to the network


class EfficientNetGem(AbstractGlobalDescriptor):
    """Describes the pixels of a photo with a network trained to name what photos show."""

    def __init__(self, network: EfficientNetLite0 | None = None) -> None:
        self._network = network if network is not None else published_network()
        digest = hashlib.sha256()
        for name, tensor in sorted(self._network.state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        self._identity = f"efficientnet-lite0-gem-s{_MAX_SIDE}-{digest.hexdigest()[:12]}"

    @property
    def identity(self) -> str:
        """Name, settings and weights hash."""
        return self._identity

    @property
    def num_values(self) -> int:
        """1,280 channels."""
        return NUM_CHANNELS

    def describe(self, image: PosedImage) -> Float32[np.ndarray, " value"]:
        """Read the photo and describe its pixels."""
        return self.describe_pixels(load_photo(image.path))

    @torch.inference_mode()
    def describe_pixels(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, " value"]:
        """Return the vector of an image in memory."""
        maps = self._network(_prepare(rgb))
        pooled = maps.pow(_POWER).mean(dim=(2, 3)).pow(1 / _POWER)[0]
        return functional.normalize(pooled, dim=0).numpy()


def _prepare(rgb: UInt8[np.ndarray, "height width 3"]) -> Float[Tensor, "1 3 rows columns"]:
    """Values in [0, 1], at most `_MAX_SIDE` long, sides that are multiples of the stride."""
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255
    shrink = min(1.0, _MAX_SIDE / max(rgb.shape[:2]))
    size = [max(STRIDE, round(side * shrink / STRIDE) * STRIDE) for side in rgb.shape[:2]]
    resized = functional.interpolate(image, size, mode="bilinear", antialias=True)
    return resized.clamp(0, 1)
