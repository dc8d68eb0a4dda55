"""Evidence for a pose from map points that took no part in finding it.

Each further point that the pose puts into the photo names a few key-points near its projection.
If the pose is right, one of them looks like the point more than the photo's other key-points do;
if it is wrong, they are as any. The photo's own key-points tell what chance gives, so nothing has
to be calibrated beforehand.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from neumap.geometry import Camera, RigidTransform
from neumap.geometry.neighbours import near_pairs_in
from neumap.pose.guided_matching import GuideTable
from neumap.pose.points_in_view import points_in_view, seen_from_origin
from neumap.pose.pose_estimate import Correspondences

_NEAREST = 12  # key-points compared with each projected point
_MAX_CODES = 600  # more of them decide nothing that these leave open
_MAX_SAMPLE = 500  # key-points that stand for all of the photo
_DEPTH_MARGIN = 1.25  # what lies beyond the known points by more may be hidden by a wall


@dataclass(frozen=True, eq=False)
class CodesInView:
    """What the codes say that a pose puts into the photo."""

    surprise: Float[np.ndarray, " code"]
    """-ln p of each further code with key-points near its projection, in nats."""
    num_known: int
    """Codes of the known pairs, of the codes that were looked at."""
    is_crowded: bool
    """Whether the view holds many more codes than the photo can show (`points_in_view`)."""


def surprise_of_codes(
    table: GuideTable,
    cam_from_world: RigidTransform,
    camera: Camera,
    *,
    known: Correspondences,
    radius_px: float,
) -> CodesInView:
    """Compare each visible code with the key-points within the radius of its projection.

    p is the probability that the best of as many key-points drawn from the whole photo would be
    at least as similar: about uniform for a wrong pose. Codes and key-points of the `known` pairs
    are left out, as the pose was made to fit them. Codes that nearer ones hide are not looked at,
    known ones neither, as else a wrong pose would gain by hiding the codes that speak against it;
    nor are codes far beyond the known ones, which a wall may hide. A key-point speaks for one code
    only, the best of those that it is nearest in looks to. With very many codes, evenly chosen
    ones stand for all.
    """
    xyz_in_cam = cam_from_world.apply(table.anchors_in_world)
    view = points_in_view(xyz_in_cam, camera, num_key_points=len(table.xy_img))
    code_idx, xy = view.point_idx, view.xy_img
    if len(known):
        farthest = _DEPTH_MARGIN * float(cam_from_world.apply(known.xyz_in_world)[:, 2].max())
        code_idx = code_idx[xyz_in_cam[code_idx, 2] <= farthest]
    code_idx = code_idx[:: max(1, math.ceil(len(code_idx) / _MAX_CODES))]
    if not view.is_crowded:  # else only the first surface is in view anyway
        code_idx = code_idx[seen_from_origin(xyz_in_cam[code_idx])]
    is_known = _is_known(table, code_idx, known)
    num_known, code_idx = int(is_known.sum()), code_idx[~is_known]
    row, pixel = near_pairs_in(table.tree, xy[code_idx], radius=radius_px, most=_NEAREST)
    is_new = ~np.isin(pixel, _pixels_of(table, known))
    row, pixel = row[is_new], pixel[is_new]
    if len(row) == 0:
        return CodesInView(np.zeros(0), num_known, view.is_crowded)
    vectors = table.code_vectors[code_idx]
    cosine = np.einsum("nv,nv->n", vectors[row], table.query_vectors[pixel])
    order = np.lexsort((-cosine, row))
    has_near, first, count = np.unique(row[order], return_index=True, return_counts=True)
    best = order[first]
    sample = table.query_vectors[:: math.ceil(len(table.query_vectors) / _MAX_SAMPLE)]
    num_better = (vectors[has_near] @ sample.T >= cosine[best][:, None]).sum(axis=1)
    share = (num_better + 0.5) / (len(sample) + 1)
    chance = _chance_of_any(share, count)
    best_code = _best_of_each(pixel[best], -chance)
    # Where codes crowd, each key-point has the pick of several.
    num_codes = np.unique(pixel[best], return_counts=True)[1]
    surprise = -np.log(_chance_of_any(chance[best_code], num_codes))
    return CodesInView(surprise, num_known, view.is_crowded)


def _chance_of_any(
    chance: Float[np.ndarray, " trial"], count: Int[np.ndarray, " trial"]
) -> Float[np.ndarray, " trial"]:
    """Probability that one of `count` independent trials of this chance succeeds."""
    below_one = np.minimum(chance, 1 - 1e-12)  # a chance may round to 1, whose logarithm is not
    return -np.expm1(count * np.log1p(-below_one))


def _is_known(
    table: GuideTable, code_idx: Int[np.ndarray, " code"], known: Correspondences
) -> Bool[np.ndarray, " code"]:
    """Tell which codes are in a known pair."""
    anchors = table.anchors_in_world[code_idx]
    return (anchors[:, None] == known.xyz_in_world[None]).all(axis=2).any(axis=1)


def _pixels_of(table: GuideTable, known: Correspondences) -> Int[np.ndarray, " known"]:
    """Key-points of the known pairs."""
    if len(known) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.asarray(table.tree.query(known.xy_img)[1])


def _best_of_each(
    key: Int[np.ndarray, " row"], value: Float[np.ndarray, " row"]
) -> Int[np.ndarray, " key"]:
    """Row of the largest value of each key."""
    order = np.argsort(-value, kind="stable")
    return order[np.unique(key[order], return_index=True)[1]]
