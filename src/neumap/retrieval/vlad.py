"""VLAD: how a photo's local descriptors differ from the visual words, summed (Jegou et al. 2010).

With the residual of each word brought to unit length (Arandjelovic and Zisserman 2013), so that
repeated texture does not outweigh all else.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from neumap.features import LocalFeatures
from neumap.images import PosedImage
from neumap.retrieval.global_descriptor import AbstractGlobalDescriptor
from neumap.retrieval.visual_words import VisualWords, packaged_words, sums_by_word


class VladDescriptor(AbstractGlobalDescriptor):
    """Aggregates the local features that a photo is localised with: no further network."""

    def __init__(
        self,
        describe_local: Callable[[PosedImage], LocalFeatures],
        words: VisualWords | None = None,
    ) -> None:
        self._describe_local = describe_local
        self._words = words if words is not None else packaged_words()

    @property
    def identity(self) -> str:
        """Name and hash of the words; the local features are the caller's."""
        return f"vlad-{self._words.digest}"

    @property
    def num_values(self) -> int:
        """Words times channels."""
        return self._words.centres.size

    def describe(self, image: PosedImage) -> Float32[np.ndarray, " value"]:
        """Describe the photo's key-points and aggregate them."""
        return self.aggregate(self._describe_local(image))

    def aggregate(self, features: LocalFeatures) -> Float32[np.ndarray, " value"]:
        """Return the vector of a photo whose key-points are described already.

        ValueError on descriptors of another width than the words.
        """
        centres, descriptors = self._words.centres, features.descriptors
        if descriptors.shape[1] != centres.shape[1]:
            raise ValueError(
                f"descriptors have {descriptors.shape[1]} channels, the words {centres.shape[1]}"
            )
        word = self._words.words_of(descriptors)
        sums = sums_by_word(descriptors - centres[word], word, num_words=len(centres))
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        vector = sums.ravel()
        return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
