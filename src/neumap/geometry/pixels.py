"""The pixel convention: corner origin, so the centre of the first pixel is (0.5, 0.5)."""

import numpy as np
from jaxtyping import Bool, Float


def is_inside(
    xy_img: Float[np.ndarray, "pixel 2"], width: int, height: int
) -> Bool[np.ndarray, " pixel"]:
    """Tell which positions (x, y) lie on the image, whose area is [0, width) x [0, height)."""
    return (
        (xy_img[:, 0] >= 0) & (xy_img[:, 1] >= 0) & (xy_img[:, 0] < width) & (xy_img[:, 1] < height)
    )


def cell_centers(width: int, height: int, stride: int) -> Float[np.ndarray, "cell 2"]:
    """Centres (x, y) of whole stride x stride cells, row by row."""
    xs = (np.arange(width // stride) + 0.5) * stride
    ys = (np.arange(height // stride) + 0.5) * stride
    grid_x, grid_y = np.meshgrid(xs, ys)
    return np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)


def nearest_pixel(xy_img: Float[np.ndarray, "pixel 2"]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column index of the pixel that holds each position."""
    floor = np.floor(xy_img).astype(np.int64)
    return floor[:, 1], floor[:, 0]
