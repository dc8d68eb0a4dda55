"""Which map points a pose puts into a photo, and which of them nearer ones hide."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import ConvexHull, QhullError

from neumap.geometry import Camera
from neumap.geometry.pixels import is_inside

_MOST_PER_KEY_POINT = 4  # a photo that showed more map points would have more key-points
_CELLS_ALONG_SIDE = 24  # of the photo's longer side
_SURFACE_POINTS = 3  # nearest points of a cell that say where its first surface is
_DEPTH_MARGIN = 1.25  # what lies beyond the first surface by more is hidden by it
_FLIP_RADIUS = 8.0  # of the sphere that points are flipped at, in distances of the farthest one


@dataclass(frozen=True, eq=False)
class PointsInView:
    """Map points that a photo from one pose may show."""

    point_idx: Int[np.ndarray, " visible"]
    xy_img: Float[np.ndarray, "point 2"]
    """Projections of all points, also of those that are not visible."""
    is_crowded: bool
    """Whether the view holds many more points than the photo can show."""


def points_in_view(
    xyz_in_cam: Float[np.ndarray, "point 3"], camera: Camera, *, num_key_points: int
) -> PointsInView:
    """Find the points that project into the photo.

    Through the walls of a large map a view holds many times more points than are seen. Where it
    holds more than the photo's key-points account for, each cell of the photo keeps the points of
    its first surface.
    """
    xy = camera.img_from_cam(xyz_in_cam)
    inside = np.flatnonzero(is_inside(xy, camera.width, camera.height))
    if len(inside) <= _MOST_PER_KEY_POINT * num_key_points:
        return PointsInView(inside, xy, is_crowded=False)
    side = max(camera.width, camera.height) / _CELLS_ALONG_SIDE
    column, row = np.floor(xy[inside] / side).astype(np.int64).T
    cell, depth = column * _CELLS_ALONG_SIDE + row, xyz_in_cam[inside, 2]
    order = np.lexsort((depth, cell))
    _, first, count = np.unique(cell[order], return_index=True, return_counts=True)
    surface = depth[order][first + np.minimum(count, _SURFACE_POINTS) - 1]
    is_seen = depth[order] <= _DEPTH_MARGIN * np.repeat(surface, count)
    return PointsInView(np.sort(inside[order[is_seen]]), xy, is_crowded=True)


def seen_from_origin(xyz_in_cam: Float[np.ndarray, "point 3"]) -> Bool[np.ndarray, " point"]:
    """Tell which points a camera in the origin sees, if they are samples of surfaces.

    Katz, Tal and Basri 2007, "Direct visibility of point sets": points are flipped at a sphere
    around the camera, so that near ones come to lie outside; what the convex hull holds is hidden.
    A smaller sphere hides more and needs fewer samples of the surface in front (decision 006).
    Points that span no volume with the camera hide nothing.
    """
    distance = np.linalg.norm(xyz_in_cam, axis=1, keepdims=True)
    is_seen = np.ones(len(xyz_in_cam), dtype=bool)
    if len(xyz_in_cam) < 4 or distance.min() == 0:
        return is_seen
    flipped = xyz_in_cam * (2 * _FLIP_RADIUS * distance.max() / distance - 1)
    try:
        hull = ConvexHull(np.vstack([flipped, np.zeros((1, 3))]))
    except QhullError:
        return is_seen
    is_seen[:] = np.isin(np.arange(len(is_seen)), hull.vertices)
    return is_seen
