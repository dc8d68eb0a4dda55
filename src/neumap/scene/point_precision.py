"""How exactly each scene point is seen where it should be, from its observations.

Key-points differ in this by more than in anything else: with exact poses a tenth of them are found
within 0.1 px and a quarter off by 0.7 px and more. Errors of two or three observations say little
about a point, so they are moved to what all points of the scene have in common, by as much as
they differ from one another no more than chance explains (Smyth 2004, section 4).
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import digamma, polygamma

from neumap.scene.scene import Scene

_TINY_PX2 = 1e-6  # exact points of made scenes have no error at all
_UNSEEN_PX2 = 100.0**2  # of an observation whose point does not project into the view
_NUM_COORDINATES = 3
_FREEDOM_OF_UNLIKE_POINTS = 4.0  # of the prior; up to it the variance of variances is infinite
_NO_SPREAD = 1e-3  # of logarithms, below which all points count as equally exact


def point_precision(scene: Scene) -> Float[np.ndarray, " point"]:
    """Return for each point its weight, 0 to 1, larger for the more exact ones.

    It is a m / (v + a m) with v the variance of the point's errors and m the median of v. Errors in
    a view are measured by those of the median point in that view, whose pose may be less exact.
    a is 1, and grows with the freedom of the prior where that is large: points then hardly differ,
    and what their errors have in common (poses, depth) does not tell which are better
    (decision 007).
    """
    points = scene.points
    squared = np.zeros(len(points.obs_point_idx))
    for index, view in enumerate(scene.views):
        own = np.flatnonzero(points.obs_view_idx == index)
        if len(own) == 0:
            continue
        seen = view.cam_from_world.apply(points.xyz_in_world[points.obs_point_idx[own]])
        gap = view.camera.img_from_cam(seen) - view.features.xy_img[points.obs_pixel_idx[own]]
        error = np.nan_to_num((gap**2).sum(axis=1), nan=_UNSEEN_PX2)
        squared[own] = error / max(float(np.median(error)), _TINY_PX2)
    count = np.bincount(points.obs_point_idx, minlength=len(points))
    freedom = np.maximum(2 * count - _NUM_COORDINATES, 1)
    total = np.bincount(points.obs_point_idx, squared, minlength=len(points))
    variance, prior = moderated_variances(total / freedom + _TINY_PX2, freedom)
    common = max(1.0, prior - _FREEDOM_OF_UNLIKE_POINTS) * float(np.median(variance))
    return common / (variance + common)


def moderated_variances(
    variances: Float[np.ndarray, " group"], freedom: Int[np.ndarray, " group"]
) -> tuple[Float[np.ndarray, " group"], float]:
    """Posterior means of variances under a scaled inverse chi-squared prior fitted to all of them,
    and the prior's degrees of freedom: the more alike the variances truly are, the more.

    `freedom` are those of the given ones. Smyth, "Linear models and empirical Bayes methods", 2004,
    section 6.2: the prior's scale and freedom follow from mean and variance of the logarithms.
    Where these differ no more than chance explains, all variances are equal and the freedom is
    large.
    """
    half = freedom / 2
    logarithms = np.log(variances) - digamma(half) + np.log(half)
    excess = float(logarithms.var() - polygamma(1, half).mean())
    prior = 2 * _inverse_trigamma(max(excess, _NO_SPREAD))
    if excess < _NO_SPREAD:
        return np.full(len(variances), variances.mean()), prior
    scale = np.exp(logarithms.mean() + digamma(prior / 2) - np.log(prior / 2))
    return (prior * scale + freedom * variances) / (prior + freedom), prior


def _inverse_trigamma(value: float) -> float:
    """Solve polygamma(1, x) = value by Newton's method on 1 / polygamma (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if -step < 1e-8 * x:
            break
    return x
