"""The two maps that neumap's are measured against, with the same key-points and solver."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.codes.code_space import CodeSpace
from neumap.codes.selection import select_by_coverage
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.features.matching import mutual_nearest
from neumap.pose.guided_matching import GuideTable
from neumap.scene.scene import Scene

YARDSTICK_BYTES_PER_CODE = 14  # 16 values of 4 bits, 6 bytes of position, nothing else counted


@dataclass(frozen=True, eq=False)
class NearestReader:
    """Mutual nearest neighbours by cosine in some space: both baselines are this."""

    anchors_in_world: Float[np.ndarray, "code 3"]
    vectors: Float32[np.ndarray, "code value"]
    num_bytes: int
    space: CodeSpace | None
    """Projection of the key-points; None compares descriptors as they are."""

    def _query(self, features: LocalFeatures) -> Float32[np.ndarray, "pixel value"]:
        if self.space is None:
            return features.descriptors
        return self.space.query(features.descriptors)

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give the anchor of the mutually nearest code."""
        pairs, similarity = mutual_nearest(self._query(features), self.vectors)
        return SceneCoordinates.from_unsorted(
            pairs[:, 0], self.anchors_in_world[pairs[:, 1]], np.clip(similarity, 0, 1)
        )

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return anchors and vectors for the guided passes."""
        return GuideTable(
            self.anchors_in_world, self.vectors, features.xy_img, self._query(features)
        )


def full_precision(scene: Scene) -> NearestReader:
    """Baseline (i): all points, mean descriptors in float32, positions in float32."""
    points = scene.points
    num_bytes = len(points) * (4 * points.descriptors.shape[1] + 12)
    return NearestReader(points.xyz_in_world, points.descriptors, num_bytes, None)


def yardstick(scene: Scene, space: CodeSpace, *, num_bytes: int) -> NearestReader:
    """Baseline (ii): `decoder.md`, section 6, at the given bytes.

    Greedy coverage, mean descriptor of a track, fixed PCA-16 at 4 bits, 16 bits a coordinate.
    """
    chosen = select_by_coverage(scene, num_bytes // YARDSTICK_BYTES_PER_CODE)
    xyz = scene.points.xyz_in_world[chosen]
    low, extent = xyz.min(axis=0), np.maximum(np.ptp(xyz, axis=0), 1e-9)
    steps: Int[np.ndarray, "code 3"] = np.round((xyz - low) / extent * 65535).astype(np.int64)
    levels = space.quantise(space.project(scene.points.descriptors[chosen]))
    return NearestReader(
        low + steps / 65535 * extent,
        space.unit_codes(levels),
        len(chosen) * YARDSTICK_BYTES_PER_CODE,
        space,
    )
