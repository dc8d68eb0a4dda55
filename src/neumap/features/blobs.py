"""Key-points at the extrema of a difference of Gaussians (Lowe 2004, section 3), at one scale.

XFeat's own detector sees cells of 8 x 8 pixels one by one, so that where a key-point lies depends
on how the cells fall. A filter that is the same at every pixel does not have this error: where
poses are exact, those of full-precision maps are 2 to 4 times better (docs/decisions/009).
"""

from math import exp

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

SIGMA = 1.6
"""Standard deviation of the narrower Gaussian, in pixels of the picture given to the network."""

_RATIO = 1.6  # of the two Gaussians, as in Lowe's approximation of the Laplacian
_REACH = 4  # standard deviations after which a Gaussian is cut off
_MIN_STRENGTH = 0.1  # grey values; less is the rounding of stored pixels
_MAX_OFFSET = 0.6  # pixels; a peak further away belongs to a neighbour


def difference_of_gaussians(
    grey: Float[Tensor, "height width"],
) -> Float[Tensor, "height width"]:
    """A picture with grey values from 0 to 255 smoothed by SIGMA, less the same smoothed more."""
    return smoothed(grey, SIGMA) - smoothed(grey, SIGMA * _RATIO)


def find_blobs(
    differences: Float[Tensor, "height width"], *, max_blobs: int
) -> tuple[Float[Tensor, "blob 2"], Float[Tensor, " blob"]]:
    """Find bright and dark blobs in a picture's `difference_of_gaussians`.

    Returns the strongest ones' positions (x, y) in pixels, corner origin, to a fraction of a pixel,
    and their strengths: the square root of the difference.
    """
    response = differences.abs()
    rows, columns = local_maxima(response, _MIN_STRENGTH)
    height, width = response.shape
    inner = (rows > 2) & (rows < height - 3) & (columns > 2) & (columns < width - 3)
    rows, columns = rows[inner], columns[inner]
    strength = response[rows, columns]
    order = torch.argsort(strength, descending=True, stable=True)[:max_blobs]
    rows, columns = rows[order], columns[order]
    return _peaks(response, rows, columns), strength[order].sqrt()


def smoothed(grey: Float[Tensor, "height width"], sigma: float) -> Float[Tensor, "height width"]:
    """Convolve with a Gaussian; the picture goes on mirrored at its borders.

    Raises RuntimeError for a picture narrower than the Gaussian's reach.
    """
    reach = round(_REACH * sigma)
    weights = [exp(-((step / sigma) ** 2) / 2) for step in range(reach + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    kernel = [weight / total for weight in weights]
    padded = functional.pad(grey[None], (reach,) * 4, mode="reflect")[0]
    return _along_columns(_along_columns(padded, kernel).T.contiguous(), kernel).T


def _along_columns(
    values: Float[Tensor, "padded width"], kernel: list[float]
) -> Float[Tensor, "height width"]:
    """Convolve with a symmetric kernel, given from its centre on.

    Slices are added whole, many times faster than a convolution of one channel.
    """
    reach = len(kernel) - 1
    height = len(values) - 2 * reach
    summed = values[reach : reach + height] * kernel[0]
    for step in range(1, reach + 1):
        before = values[reach - step : reach - step + height]
        after = values[reach + step : reach + step + height]
        summed.add_(before + after, alpha=kernel[step])
    return summed


def local_maxima(
    values: Float[Tensor, "height width"], threshold: float
) -> tuple[Int[Tensor, " pixel"], Int[Tensor, " pixel"]]:
    """Rows and columns of 5 x 5 maxima above the threshold."""
    highest = _highest_of_five(_highest_of_five(values).T).T
    found = torch.nonzero((values == highest) & (values > threshold))
    return found[:, 0], found[:, 1]


def _highest_of_five(values: Float[Tensor, "row column"]) -> Float[Tensor, "row column"]:
    """Largest of each value and its two neighbours to either side in its row.

    Slices are compared whole, many times faster than pooling.
    """
    padded = functional.pad(values, (2, 2), value=-torch.inf)
    of_two = torch.maximum(padded[:, :-1], padded[:, 1:])
    of_four = torch.maximum(of_two[:, :-2], of_two[:, 2:])
    return torch.maximum(of_four[:, :-1], padded[:, 4:])


def _peaks(
    response: Float[Tensor, "height width"],
    rows: Int[Tensor, " pixel"],
    columns: Int[Tensor, " pixel"],
) -> Float[Tensor, "pixel 2"]:
    """Positions (x, y) of the tops of paraboloids through the 3 x 3 values of maxima."""
    r, c = rows, columns
    left, centre, right = response[r, c - 1], response[r, c], response[r, c + 1]
    above, below = response[r - 1, c], response[r + 1, c]
    slope_x, slope_y = (right - left) / 2, (below - above) / 2
    curve_xx, curve_yy = right + left - 2 * centre, below + above - 2 * centre
    rising = response[r + 1, c + 1] + response[r - 1, c - 1]
    falling = response[r - 1, c + 1] + response[r + 1, c - 1]
    curve_xy = (rising - falling) / 4
    determinant = (curve_xx * curve_yy - curve_xy**2).clamp_min(1e-6)  # a maximum's is positive
    offset_x = (curve_xy * slope_y - curve_yy * slope_x) / determinant
    offset_y = (curve_xy * slope_x - curve_xx * slope_y) / determinant
    offset = torch.stack([offset_x, offset_y], dim=1).clamp(-_MAX_OFFSET, _MAX_OFFSET)
    return torch.stack([c, r], dim=1) + 0.5 + offset
