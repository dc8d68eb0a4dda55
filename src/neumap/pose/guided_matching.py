"""The guided second pass: search again for each map point near where a first pose puts it.

`decoder.md`, section 5: it multiplies the inliers by 1.5 to 2. Pure arrays; knows no network.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32
from scipy.spatial import KDTree

from neumap.geometry import Camera, RigidTransform
from neumap.geometry.neighbours import is_mutually_best, near_pairs_in
from neumap.pose.points_in_view import points_in_view
from neumap.pose.pose_estimate import Correspondences

_NEAREST = 12  # key-points compared with each projected point


@dataclass(frozen=True, eq=False)
class GuideTable:
    """What a guided search compares: map points and key-points as unit vectors of one space."""

    anchors_in_world: Float[np.ndarray, "code 3"]
    code_vectors: Float32[np.ndarray, "code value"]
    xy_img: Float[np.ndarray, "pixel 2"]
    query_vectors: Float32[np.ndarray, "pixel value"]

    @cached_property
    def tree(self) -> KDTree:
        """The key-points' positions, to be searched in every pass."""
        return KDTree(self.xy_img)


def match_near_projections(
    table: GuideTable, cam_from_world: RigidTransform, camera: Camera, *, radius_px: float
) -> Correspondences:
    """Pair each visible point with its most similar key-point within the radius, mutually best.

    Confidence is the cosine, clipped to [0, 1]; pairs come sorted by it.
    """
    xyz_in_cam = cam_from_world.apply(table.anchors_in_world)
    view = points_in_view(xyz_in_cam, camera, num_key_points=len(table.xy_img))
    xy_code = view.xy_img[view.point_idx]
    row, pixels = near_pairs_in(table.tree, xy_code, radius=radius_px, most=_NEAREST)
    codes = view.point_idx[row]
    similarity = np.einsum("nv,nv->n", table.code_vectors[codes], table.query_vectors[pixels])
    mutual = is_mutually_best(codes, pixels, similarity)
    codes, pixels, similarity = codes[mutual], pixels[mutual], similarity[mutual]
    order = np.argsort(-similarity, kind="stable")
    return Correspondences(
        table.xy_img[pixels[order]],
        table.anchors_in_world[codes[order]],
        np.clip(similarity[order].astype(np.float64), 0.0, 1.0),
    )
