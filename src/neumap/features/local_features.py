"""The record of one photo's key-points and descriptors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32


@dataclass(frozen=True, eq=False)
class LocalFeatures:
    """Key-points of one photo, best score first."""

    xy_img: Float[np.ndarray, "pixel 2"]
    """Positions (x, y) in stored pixels, corner origin (not undistorted)."""
    descriptors: Float32[np.ndarray, "pixel channel"]
    """Descriptors of unit length."""
    scores: Float32[np.ndarray, " pixel"]
    """Detection score times reliability, positive."""

    def __len__(self) -> int:
        """Return the number of key-points."""
        return len(self.xy_img)

    def best(self, count: int) -> "LocalFeatures":
        """Return the `count` key-points of the highest score."""
        return LocalFeatures(self.xy_img[:count], self.descriptors[:count], self.scores[:count])
