"""What methods that match photos with photos keep: key-points of every photo, and their points."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float16, Float32, Int32

from neumap.features import LocalFeatures
from neumap.retrieval import VladDescriptor
from neumap.retrieval.visual_words import VisualWords
from neumap.scene.build_scene import Describe
from neumap.scene.scene import Scene

NO_POINT = -1
_NUM_WORDS = 32
_MAX_TRAINED = 40_000  # descriptors that the words are made from


@dataclass(frozen=True, eq=False)
class StoredPhoto:
    """One mapped photo, its descriptors in half precision as hloc stores them."""

    descriptors: Float16[np.ndarray, "pixel channel"]
    point_idx: Int32[np.ndarray, " pixel"]
    """The point that each key-point shows, or NO_POINT."""
    xy_img: Float32[np.ndarray, "pixel 2"]
    size: tuple[int, int]
    """Width and height in pixels."""

    @property
    def features(self) -> LocalFeatures:
        """Key-points as matchers take them; the scores are not stored."""
        return LocalFeatures(
            self.xy_img.astype(np.float64),
            self.descriptors.astype(np.float32),
            np.ones(len(self.xy_img), dtype=np.float32),
        )


@dataclass(frozen=True, eq=False)
class PhotoStore:
    """All mapped photos with the scene's points, and a vector of each photo to retrieve it by."""

    photos: tuple[StoredPhoto, ...]
    xyz_in_world: Float32[np.ndarray, "point 3"]
    point_descriptors: Float32[np.ndarray, "point channel"]
    """Mean descriptor of a point; follows from the photos, so it is not counted as stored."""
    vlad: VladDescriptor
    """Aggregates a photo's descriptors; its words come from the mapped photos."""
    photo_vectors: Float16[np.ndarray, "photo value"]

    @classmethod
    def from_scene(cls, scene: Scene, describe: Describe, *, seed: int) -> "PhotoStore":
        """Keep all key-points of all views, which are those that `describe` gives.

        The seed draws the descriptors that the words of the retrieval are made from.
        """
        points = scene.points
        order = np.argsort(points.obs_view_idx, kind="stable")
        bounds = np.searchsorted(points.obs_view_idx[order], np.arange(len(scene.views) + 1))
        photos: list[StoredPhoto] = []
        for index, view in enumerate(scene.views):
            own = order[bounds[index] : bounds[index + 1]]
            point_idx = np.full(len(view.features), NO_POINT, dtype=np.int32)
            point_idx[points.obs_pixel_idx[own]] = points.obs_point_idx[own]
            photos.append(
                StoredPhoto(
                    view.features.descriptors.astype(np.float16),
                    point_idx,
                    view.features.xy_img.astype(np.float32),
                    (view.camera.width, view.camera.height),
                )
            )
        vlad = VladDescriptor(describe, _words_of(scene, seed))
        vectors = [vlad.aggregate(view.features) for view in scene.views]
        return cls(
            tuple(photos),
            points.xyz_in_world.astype(np.float32),
            points.descriptors,
            vlad,
            np.stack(vectors).astype(np.float16),
        )

    def nearest_photos(self, features: LocalFeatures, count: int) -> tuple[int, ...]:
        """Indices of the photos most like one with these key-points, best first."""
        similarity = self.photo_vectors.astype(np.float32) @ self.vlad.aggregate(features)
        return tuple(int(i) for i in np.argsort(-similarity, kind="stable")[:count])

    def num_bytes(self, *, has_positions: bool) -> int:
        """Bytes of descriptors, point numbers, points, photo vectors and visual words.

        A matcher that looks at positions needs them as well, at 2 bytes a coordinate, and the
        photos' sizes.
        """
        arrays: list[np.ndarray] = [self.xyz_in_world, self.photo_vectors]
        arrays += [photo.descriptors for photo in self.photos]
        arrays += [photo.point_idx for photo in self.photos]
        total = sum(array.nbytes for array in arrays) + 4 * self.vlad.num_values
        if has_positions:
            total += sum(4 + 4 * len(photo.xy_img) for photo in self.photos)
        return total


def _words_of(scene: Scene, seed: int) -> VisualWords:
    """Cluster the descriptors of the mapped photos."""
    descriptors = np.concatenate([view.features.descriptors for view in scene.views])
    order = np.random.default_rng(seed).permutation(len(descriptors))
    return VisualWords.fit(descriptors[order[:_MAX_TRAINED]], num_words=_NUM_WORDS, seed=seed)


def world_points(
    store: PhotoStore, photo_idx: tuple[int, ...]
) -> tuple[Float[np.ndarray, "point 3"], Float32[np.ndarray, "point channel"]]:
    """Return positions and mean descriptors of all points that some of the photos show."""
    shown = np.concatenate([store.photos[i].point_idx for i in photo_idx])
    own = np.unique(shown[shown != NO_POINT])
    return store.xyz_in_world[own].astype(np.float64), store.point_descriptors[own]
