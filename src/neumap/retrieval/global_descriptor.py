"""The interface of global descriptors: one vector a photo, alike for photos of one place."""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float32

from neumap.images import PosedImage


class AbstractGlobalDescriptor(ABC):
    """Describes a whole photo; its pose is not looked at."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, settings and weights hash: only vectors of equal identities may be compared."""

    @property
    @abstractmethod
    def num_values(self) -> int:
        """Length of a vector."""

    @abstractmethod
    def describe(self, image: PosedImage) -> Float32[np.ndarray, " value"]:
        """Return the photo's vector of unit length, to be compared by dot product.

        A photo without texture gives zeros, which are alike to nothing. Raises PhotoError on an
        unreadable photo.
        """
