"""Which views show the same surface, from poses and sampled depths; chooses pairs to match."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from neumap.geometry.pixels import is_inside
from neumap.scene.scene import MappingView

_MAX_CANDIDATES = 256  # views compared with each view: keeps the cost linear in their number


def surface_samples(
    view: MappingView, depths: Float[np.ndarray, " sample"], seed: int
) -> Float[np.ndarray, "sample 3"]:
    """World points on random rays of the view at the given depths (z along the axis)."""
    generator = np.random.default_rng(seed)
    camera = view.camera
    xy = generator.uniform((0, 0), (camera.width, camera.height), (len(depths), 2))
    rays = camera.cam_from_img(xy)
    in_cam = np.concatenate([rays, np.ones((len(rays), 1))], axis=1) * depths[:, None]
    finite = np.isfinite(in_cam).all(axis=1)
    return view.cam_from_world.inverse().apply(in_cam[finite])


def neighbours_by_pose(views: tuple[MappingView, ...], count: int) -> list[tuple[int, int]]:
    """Pair each view with the `count` views that look most alike in place and direction.

    Needs no depth: distance is that of camera centres over the median step to the nearest
    neighbours, plus the angle between the optical axes in units of 15 degrees.
    """
    centers = np.stack([v.cam_from_world.center_in_source for v in views])
    axes = np.stack([v.cam_from_world.rotation[2] for v in views])
    near = min(len(views), _MAX_CANDIDATES)
    distances, candidates = KDTree(centers).query(centers, k=near)
    distances, candidates = distances.reshape(-1, near), candidates.reshape(-1, near)
    step = max(float(np.median(distances[:, min(2, near - 1)])), 1e-9)
    cosines = np.einsum("ij,ikj->ik", axes, axes[candidates])
    cost = distances / step + np.degrees(np.arccos(np.clip(cosines, -1, 1))) / 15
    cost[candidates == np.arange(len(views))[:, None]] = np.inf
    chosen = np.argsort(cost, axis=1)[:, : min(count, near - 1)]
    return _unique_pairs(np.take_along_axis(candidates, chosen, axis=1))


def overlap_fractions(
    views: tuple[MappingView, ...],
    samples: list[np.ndarray],
    candidates: Int[np.ndarray, "view candidate"],
) -> Float[np.ndarray, "view candidate"]:
    """Share of each view's surface samples that fall into each candidate's picture."""
    out = np.zeros(candidates.shape)
    for i, points in enumerate(samples):
        if len(points) == 0:
            continue
        for column, j in enumerate(candidates[i]):
            if i == j:
                continue
            xy = views[j].camera.img_from_cam(views[j].cam_from_world.apply(points))
            camera = views[j].camera
            out[i, column] = is_inside(xy, camera.width, camera.height).mean()
    return out


def choose_pairs(
    views: tuple[MappingView, ...],
    samples: list[np.ndarray],
    *,
    pairs_per_view: int,
    min_overlap: float = 0.3,
) -> list[tuple[int, int]]:
    """Pairs with enough overlap, spread from small to large parallax; about linear in views."""
    centers = np.stack([v.cam_from_world.center_in_source for v in views])
    middles = np.stack(
        [np.median(s, axis=0) if len(s) else c for s, c in zip(samples, centers, strict=True)]
    )
    near = min(len(views), _MAX_CANDIDATES)
    _, candidates = KDTree(middles).query(middles, k=near)
    candidates = candidates.reshape(-1, near)
    overlap = overlap_fractions(views, samples, candidates)
    parallax = _parallax_deg(centers, middles, candidates)
    chosen = np.full((len(views), pairs_per_view), -1)
    for i in range(len(views)):
        usable = np.flatnonzero((overlap[i] >= min_overlap) & (parallax[i] < 45))
        if len(usable) < pairs_per_view:  # too few: take the largest overlaps there are
            usable = np.argsort(-overlap[i])[:pairs_per_view]
            usable = usable[overlap[i, usable] > 0.05]
        by_parallax = usable[np.argsort(parallax[i, usable])]
        spread = np.linspace(0, len(by_parallax) - 1, min(pairs_per_view, len(by_parallax)))
        picked = by_parallax[np.round(spread).astype(int)] if len(by_parallax) else by_parallax
        chosen[i, : len(picked)] = candidates[i, picked]
    return _unique_pairs(chosen)


def _parallax_deg(
    centers: Float[np.ndarray, "view 3"],
    middles: Float[np.ndarray, "view 3"],
    candidates: Int[np.ndarray, "view candidate"],
) -> Float[np.ndarray, "view candidate"]:
    """Angle under which two camera centres are seen from the middle of the first's surface."""
    to_own = centers - middles
    to_other = centers[candidates] - middles[:, None]
    norms = np.linalg.norm(to_own, axis=1)[:, None] * np.linalg.norm(to_other, axis=2)
    cosines = np.einsum("ij,ikj->ik", to_own, to_other) / np.maximum(norms, 1e-12)
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


def _unique_pairs(chosen: Int[np.ndarray, "view choice"]) -> list[tuple[int, int]]:
    """Undirected pairs (i < j), sorted, without -1 and repetition."""
    pairs = {
        (min(i, int(j)), max(i, int(j)))
        for i, row in enumerate(chosen)
        for j in row
        if j >= 0 and int(j) != i
    }
    return sorted(pairs)
