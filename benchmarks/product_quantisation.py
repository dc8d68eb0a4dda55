"""A map of product-quantised descriptors: 8 bytes of appearance beside 6 of position.

The codebook is fitted once, on scenes that are not mapped, and is not counted, like the yardstick's
projection. faiss does the quantisation; key-points are compared as they are (asymmetric).
"""

import faiss
import numpy as np
from jaxtyping import Float32

from neumap.baselines.nearest import NearestReader
from neumap.codes.selection import select_by_coverage
from neumap.scene.scene import Scene

BYTES_PER_CODE = 14
_PARTS = 8  # of a descriptor, each stored as one of 256 centroids
_SEED = 0


class DescriptorCodebook:
    """A product quantiser of descriptors of 64 values."""

    def __init__(self, descriptors: Float32[np.ndarray, "n channel"]) -> None:
        self._quantiser = faiss.ProductQuantizer(descriptors.shape[1], _PARTS, 8)
        self._quantiser.cp.seed = _SEED
        data = np.ascontiguousarray(descriptors)
        self._quantiser.train(data)

    def rounded(
        self, descriptors: Float32[np.ndarray, "n channel"]
    ) -> Float32[np.ndarray, "n channel"]:
        """Return what is left of descriptors, at unit length."""
        data = np.ascontiguousarray(descriptors)
        stored = self._quantiser.compute_codes(data)
        # faiss replaces this method by one for arrays, which its types do not show
        values: Float32[np.ndarray, "n channel"] = self._quantiser.decode(stored)  # pyright: ignore[reportCallIssue]
        return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def product_quantised(
    scene: Scene, codebook: DescriptorCodebook, *, num_bytes: int
) -> NearestReader:
    """Greedy coverage and mean descriptors, as in the yardstick, at the given bytes."""
    chosen = select_by_coverage(scene, num_bytes // BYTES_PER_CODE)
    xyz = scene.points.xyz_in_world[chosen]
    low, extent = xyz.min(axis=0), np.maximum(np.ptp(xyz, axis=0), 1e-9)
    steps = np.round((xyz - low) / extent * 65535)
    vectors = codebook.rounded(scene.points.descriptors[chosen])
    anchors = low + steps / 65535 * extent
    return NearestReader(anchors, vectors, len(chosen) * BYTES_PER_CODE, None)
