"""The interface of feature extractors."""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import UInt8

from neumap.features.local_features import LocalFeatures


class AbstractExtractor(ABC):
    """A CNN, shared by all scenes, that finds and describes key-points of one photo."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, settings and weights hash: equal identities give equal features.

        Keys the feature cache and is written into maps.
        """

    @property
    @abstractmethod
    def descriptor_dim(self) -> int:
        """Number of channels of a descriptor."""

    @abstractmethod
    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Describe one photo; an image without texture gives zero key-points, no error."""
