"""Find known points among a view's key-points: project, search nearby, compare descriptors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.geometry.neighbours import is_mutually_best, near_pairs
from neumap.scene.scene import MappingView

_NEAREST = 6  # key-points compared with each projected point


@dataclass(frozen=True, kw_only=True, slots=True)
class AssociationConfig:
    """When a key-point is taken for a known point."""

    radius_px: float = 5.0
    """Largest distance from the point's projection, in pixels at a focal length of 500.

    It grows with the focal length, but never falls below half of this in the photo's own pixels.
    """
    min_similarity: float = 0.7
    """Lowest cosine of the key-point's descriptor with the point's mean descriptor."""


def associate(
    xyz_in_world: Float[np.ndarray, "point 3"],
    descriptors: Float32[np.ndarray, "point channel"],
    view: MappingView,
    *,
    config: AssociationConfig,
    depth_at_pixel: Float[np.ndarray, " pixel"] | None = None,
) -> tuple[Int[np.ndarray, " match"], Int[np.ndarray, " match"]]:
    """Indices of points and of the key-points that show them; each at most once.

    A point and a key-point are joined if each is the other's best by descriptor among those
    nearby. Where the key-point has a depth, the point must not lie more than 5 % + 5 cm from it.
    """
    if len(xyz_in_world) == 0 or len(view.xy_cam) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    in_cam = view.cam_from_world.apply(xyz_in_world)
    z = in_cam[:, 2]
    ahead = np.flatnonzero(z > 1e-9)
    xy = in_cam[ahead, :2] / z[ahead, None]
    radius = config.radius_px * max(view.camera.focal_px / 500, 0.5) / view.camera.focal_px
    low, high = view.xy_cam.min(axis=0) - radius, view.xy_cam.max(axis=0) + radius
    visible = ((xy > low) & (xy < high)).all(axis=1)
    ahead, xy = ahead[visible], xy[visible]
    row, pixel_idx = near_pairs(xy, view.xy_cam, radius=radius, most=_NEAREST)
    point_idx = ahead[row]
    similarity = np.einsum("nc,nc->n", descriptors[point_idx], view.features.descriptors[pixel_idx])
    keep = similarity >= config.min_similarity
    if depth_at_pixel is not None:
        measured = depth_at_pixel[pixel_idx]
        fits = np.abs(measured - z[point_idx]) < 0.05 + 0.05 * z[point_idx]
        keep &= fits | ~np.isfinite(measured)
    point_idx, pixel_idx, similarity = point_idx[keep], pixel_idx[keep], similarity[keep]
    mutual = is_mutually_best(point_idx, pixel_idx, similarity)
    return point_idx[mutual], pixel_idx[mutual]
