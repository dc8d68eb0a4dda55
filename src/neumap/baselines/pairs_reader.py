"""First matches through retrieved photos, in the style of hloc (Sarlin et al., CVPR 2019).

Photos like the query are retrieved, each is matched with it, and a key-point that is matched with
one that shows a point is taken to show that point.
"""

import numpy as np
from jaxtyping import Float32, Int

from neumap.baselines.pair_matchers import PairMatcher, SizedFeatures
from neumap.baselines.photo_store import NO_POINT, PhotoStore, world_points
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.pose.guided_matching import GuideTable


class PairsReader:
    """Reads a store of photos for one query, of a (width, height) in pixels.

    Photos are retrieved once, by the key-points that the reader is asked with first.
    """

    def __init__(
        self,
        store: PhotoStore,
        matcher: PairMatcher,
        *,
        num_retrieved: int,
        query_size: tuple[int, int],
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._num_retrieved = num_retrieved
        self._query_size = query_size
        self._photo_idx: tuple[int, ...] | None = None

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give to key-points the points that their matches in the retrieved photos show.

        Pairs found through several photos are more confident: 1 - product of (1 - confidence).
        """
        query = SizedFeatures(features, self._query_size)
        pixel_idx: list[np.ndarray] = []
        point_idx: list[np.ndarray] = []
        confidence: list[np.ndarray] = []
        for index in self._retrieved(features):
            photo = self._store.photos[index]
            pairs, sure = self._matcher.match(query, SizedFeatures(photo.features, photo.size))
            shown = photo.point_idx[pairs[:, 1]]
            has_point = shown != NO_POINT
            pixel_idx.append(pairs[has_point, 0])
            point_idx.append(shown[has_point].astype(np.int64))
            confidence.append(sure[has_point])
        if not pixel_idx:
            return SceneCoordinates.empty()
        return self._joined(
            np.concatenate(pixel_idx), np.concatenate(point_idx), np.concatenate(confidence)
        )

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return the points of the retrieved photos with their mean descriptors."""
        retrieved = self._retrieved(features)
        if not retrieved:
            return None
        xyz, descriptors = world_points(self._store, retrieved)
        return GuideTable(xyz, descriptors, features.xy_img, features.descriptors)

    def _retrieved(self, features: LocalFeatures) -> tuple[int, ...]:
        if len(features) == 0:
            return ()
        if self._photo_idx is None:
            self._photo_idx = self._store.nearest_photos(features, self._num_retrieved)
        return self._photo_idx

    def _joined(
        self,
        pixel_idx: Int[np.ndarray, " pair"],
        point_idx: Int[np.ndarray, " pair"],
        confidence: Float32[np.ndarray, " pair"],
    ) -> SceneCoordinates:
        """Count each pair of key-point and point once."""
        key = pixel_idx * len(self._store.xyz_in_world) + point_idx
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        doubt = np.ones(len(first), dtype=np.float32)
        np.multiply.at(doubt, group.reshape(-1), 1 - confidence)
        return SceneCoordinates.from_unsorted(
            pixel_idx[first],
            self._store.xyz_in_world[point_idx[first]].astype(np.float64),
            1 - doubt,
        )
