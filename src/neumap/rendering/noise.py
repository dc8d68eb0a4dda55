"""Seeded fractal noise: texture at many scales, as surfaces in photos have it."""

import colorsys

import numpy as np
from jaxtyping import Float
from PIL import Image


def resized(
    image: Float[np.ndarray, "h_in w_in"], height: int, width: int
) -> Float[np.ndarray, "h w"]:
    """Resample one channel smoothly to height x width."""
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def fractal_noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    cell: tuple[float, float] = (64.0, 64.0),
    num_octaves: int = 5,
    persistence: float = 0.6,
) -> Float[np.ndarray, "h w"]:
    """Sum octaves of value noise; mean 0, standard deviation 1.

    `cell` is the size (height, width) in texels of the coarsest cells; each octave halves the
    cells and multiplies the amplitude by `persistence`.
    """
    total = np.zeros((height, width), dtype=np.float32)
    cell_h, cell_w = cell
    amplitude = 1.0
    for _ in range(num_octaves):
        rows = max(2, min(height, int(np.ceil(height / cell_h)) + 1))
        columns = max(2, min(width, int(np.ceil(width / cell_w)) + 1))
        grid = rng.standard_normal((rows, columns)).astype(np.float32)
        total += amplitude * resized(grid, height, width)
        amplitude *= persistence
        cell_h, cell_w = max(1.0, cell_h / 2), max(1.0, cell_w / 2)
    return (total - total.mean()) / (total.std() + 1e-6)


def tinted(
    base_rgb: Float[np.ndarray, "3"] | tuple[float, float, float],
    modulation: Float[np.ndarray, "h w"],
    *,
    contrast: float,
) -> Float[np.ndarray, "h w 3"]:
    """Colour a field with one hue: base * (1 + contrast * modulation)."""
    base = np.asarray(base_rgb, dtype=np.float32)
    return base * (1.0 + contrast * modulation[..., None])


def to_uint8(image: Float[np.ndarray, "h w 3"]) -> np.ndarray:
    """Round values of [0, 1] to bytes, clipping what lies outside."""
    return (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def random_color(
    rng: np.random.Generator, *, low: float = 0.15, high: float = 0.9, saturation: float = 0.6
) -> Float[np.ndarray, "3"]:
    """Draw a colour; `low` and `high` bound its brightness.

    Reds to yellows and blues are likelier than greens and purples, as in printed things.
    """
    value = rng.uniform(low, high)
    span = ((0.96, 1.16), (0.5, 0.68), (0.0, 1.0))[rng.choice(3, p=[0.45, 0.25, 0.3])]
    hue = rng.uniform(*span) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation * rng.uniform(0.2, 1.0), value)
    return np.array([red, green, blue], dtype=np.float32)


def building_color(
    rng: np.random.Generator, *, low: float, high: float, saturation: float
) -> Float[np.ndarray, "3"]:
    """Draw the colour of a wall or floor: mostly greys, creams, browns and brick reds."""
    if rng.random() < 0.2:
        return random_color(rng, low=low, high=high, saturation=0.6 * saturation)
    tint = saturation * rng.uniform(0.1, 1.0)
    rgb = colorsys.hsv_to_rgb(rng.uniform(0.01, 0.14), tint, rng.uniform(low, high))
    return np.array(rgb, dtype=np.float32)
