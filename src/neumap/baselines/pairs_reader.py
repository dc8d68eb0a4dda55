"""First matches through retrieved photos, in the style of hloc (Sarlin et al., CVPR 2019).

Photos like the query are retrieved, each is matched with it, and a key-point that is matched with
one that shows a point is taken to show that point.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from neumap.baselines.pair_matchers import PairMatcher, SizedFeatures
from neumap.baselines.photo_store import NO_POINT, PhotoStore, world_points
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.pose.guided_matching import GuideTable


@dataclass(frozen=True, kw_only=True, eq=False)
class PairsReader:
    """Reads a store of photos for a query of one size."""

    store: PhotoStore
    matcher: PairMatcher
    num_retrieved: int
    query_size: tuple[int, int]
    """Width and height of the query in pixels."""

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give to key-points the points that their matches in the retrieved photos show.

        Pairs found through several photos are more confident: 1 - product of (1 - confidence).
        """
        query = SizedFeatures(features, self.query_size)
        pixel_idx: list[np.ndarray] = []
        point_idx: list[np.ndarray] = []
        confidence: list[np.ndarray] = []
        for index in self._retrieved(features):
            photo = self.store.photos[index]
            pairs, sure = self.matcher.match(query, SizedFeatures(photo.features, photo.size))
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
        xyz, descriptors = world_points(self.store, retrieved)
        return GuideTable(xyz, descriptors, features.xy_img, features.descriptors)

    def _retrieved(self, features: LocalFeatures) -> tuple[int, ...]:
        if len(features) == 0:
            return ()
        return self.store.nearest_photos(features, self.num_retrieved)

    def _joined(
        self,
        pixel_idx: Int[np.ndarray, " pair"],
        point_idx: Int[np.ndarray, " pair"],
        confidence: Float32[np.ndarray, " pair"],
    ) -> SceneCoordinates:
        """Count each pair of key-point and point once."""
        key = pixel_idx * len(self.store.xyz_in_world) + point_idx
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        doubt = np.ones(len(first), dtype=np.float32)
        np.multiply.at(doubt, group.reshape(-1), 1 - confidence)
        return SceneCoordinates.from_unsorted(
            pixel_idx[first],
            self.store.xyz_in_world[point_idx[first]].astype(np.float64),
            1 - doubt,
        )
