"""How often a code finds its key-point in a photo that it was not made from.

For each mapping view, the codes of the points it shows are made from the other views alone, rounded
as a map stores them, and matched with the view's key-points as a query is: a match is right where
key-point and code are each other's best. Points that look alike, or different from each side, are
found seldom.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.spatial import KDTree

from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.scene.scene import Scene

_PRIOR_VIEWS = 4.0  # views that a point counts as seen in beforehand, with the mean rate
_SAME_PLACE_PX = 8.0  # a key-point this near shows the same place and is no rival


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Observations of the candidates that other views show too, with codes made from those."""

    code_idx: Int[np.ndarray, " obs"]
    view_idx: Int[np.ndarray, " obs"]
    pixel_idx: Int[np.ndarray, " obs"]
    unit_codes: Float32[np.ndarray, "obs value"]


def held_out_match_rate(
    scene: Scene,
    candidates: Int[np.ndarray, " code"],
    decoder: AnchoredDecoder,
    *,
    max_views: int = 120,
) -> Float[np.ndarray, " code"]:
    """Return for each candidate point the share of views, 0 to 1, in which its match is right.

    Codes compete with those of all candidates. At most `max_views` views, evenly spaced, are
    looked at. A point counts as seen in four views more at the mean rate, so that one that was
    never tried has that rate; the mean of no trial at all is 1.
    """
    space, points = decoder.code_space, scene.points
    tried = np.zeros(len(candidates))
    right = np.zeros(len(candidates))
    num_views = min(max_views, len(scene.views))
    spaced = np.unique(np.linspace(0, len(scene.views) - 1, num_views).astype(np.int64))
    held_out = _held_out(scene, candidates, decoder, views=spaced)
    codes = space.unit_codes(space.quantise(space.project(points.descriptors[candidates])))
    for index in spaced:
        own = np.flatnonzero(held_out.view_idx == index)
        if len(own) == 0:
            continue
        features = scene.views[index].features
        queries = decoder.query_vectors(features)
        pixel, code = held_out.pixel_idx[own], held_out.code_idx[own]
        made = held_out.unit_codes[own]
        cosine = (queries[pixel] * made).sum(axis=1)
        by_pixel = queries[pixel] @ codes.T
        by_pixel[np.arange(len(own)), code] = -np.inf
        by_code = made @ queries.T
        places = KDTree(features.xy_img)
        same = KDTree(features.xy_img[pixel]).sparse_distance_matrix(
            places, _SAME_PLACE_PX, output_type="ndarray"
        )
        by_code[same["i"], same["j"]] = -np.inf
        is_right = (cosine > by_pixel.max(axis=1)) & (cosine > by_code.max(axis=1))
        np.add.at(tried, code, 1.0)
        np.add.at(right, code, is_right)
    mean = right.sum() / tried.sum() if tried.any() else 1.0
    return (right + _PRIOR_VIEWS * mean) / (tried + _PRIOR_VIEWS)


def _held_out(
    scene: Scene,
    candidates: Int[np.ndarray, " code"],
    decoder: AnchoredDecoder,
    *,
    views: Int[np.ndarray, " view"],
) -> _HeldOut:
    points, space = scene.points, decoder.code_space
    code_of_point = np.full(len(points), -1)
    code_of_point[candidates] = np.arange(len(candidates))
    own = np.flatnonzero(code_of_point[points.obs_point_idx] >= 0)
    code_idx = code_of_point[points.obs_point_idx[own]]
    view_idx, pixel_idx = points.obs_view_idx[own], points.obs_pixel_idx[own]
    descriptors = np.zeros((len(own), points.descriptors.shape[1]), dtype=np.float32)
    for index, view in enumerate(scene.views):
        of_view = view_idx == index
        descriptors[of_view] = view.features.descriptors[pixel_idx[of_view]]
    sums = np.zeros((len(candidates), descriptors.shape[1]))
    np.add.at(sums, code_idx, descriptors)
    counts = np.bincount(code_idx, minlength=len(candidates))
    kept = np.flatnonzero((counts[code_idx] > 1) & np.isin(view_idx, views))
    others = sums[code_idx[kept]] - descriptors[kept]
    norms = np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-9)
    levels = space.quantise(space.project((others / norms).astype(np.float32)))
    unit = space.unit_codes(levels)
    return _HeldOut(code_idx[kept], view_idx[kept], pixel_idx[kept], unit)
