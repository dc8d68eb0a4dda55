"""How exactly the pairs of a photo are placed, told from their errors under a nearly right pose."""

import numpy as np
from jaxtyping import Float

_MAX_ROUNDS = 20  # of expectation and maximisation
_SETTLED = 0.003  # relative change of the noise from one round to the next
_MEDIAN_OF_RAYLEIGH = 1.1774


def noise_of_residuals(residuals_px: Float[np.ndarray, " pair"], *, reach_px: float) -> float:
    """Standard deviation, in pixels along each axis, of the right pairs' errors.

    Lengths of errors within `reach_px` are a mixture of a Rayleigh distribution (right pairs) and
    of wrong pairs spread evenly over the disc, fitted by expectation and maximisation. At most half
    the reach, and at least a hundredth of it; half the reach for fewer than 8 pairs.
    """
    low, high = 0.01 * reach_px, 0.5 * reach_px
    if len(residuals_px) < 8:
        return high
    squared = residuals_px**2
    noise = float(np.clip(np.median(residuals_px) / _MEDIAN_OF_RAYLEIGH, low, high))
    right_share = 0.8
    for _ in range(_MAX_ROUNDS):
        # densities over the area of the disc, without the factor of 2 r that both have
        right = right_share * np.exp(-squared / (2 * noise**2)) / (2 * noise**2)
        share = right / (right + (1 - right_share) / reach_px**2)
        total = float(share.sum())
        right_share = min(total / len(share), 0.999)
        before, noise = noise, float(np.clip(np.sqrt(share @ squared / (2 * total)), low, high))
        if abs(noise - before) < _SETTLED * before:
            break
    return noise
