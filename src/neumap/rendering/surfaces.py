"""Textures of large surfaces: plaster, wallpaper, bricks, tiles, planks, fabric, paving."""

import numpy as np
from jaxtyping import Float, UInt8

from neumap.rendering.noise import building_color, fractal_noise, random_color, tinted, to_uint8

Texture = UInt8[np.ndarray, "h w 3"]


def plaster(rng: np.random.Generator, height: int, width: int, *, stains: int = 12) -> Texture:
    """Paint a nearly blank wall: broad unevenness, fine grain, scuffs and stains."""
    base = building_color(rng, low=0.55, high=0.85, saturation=0.25)
    broad = fractal_noise(rng, height, width, cell=(220.0, 220.0), num_octaves=3)
    fine = fractal_noise(rng, height, width, cell=(12.0, 12.0), num_octaves=3, persistence=0.8)
    image = tinted(base, 0.6 * broad + 0.4 * fine, contrast=0.035)
    for _ in range(stains):
        _blotch(rng, image)
    return to_uint8(image)


def _blotch(rng: np.random.Generator, image: Float[np.ndarray, "h w 3"]) -> None:
    height, width = image.shape[:2]
    size_y, size_x = (int(v) for v in rng.integers(6, 60, 2))
    top = int(rng.integers(0, max(1, height - size_y)))
    left = int(rng.integers(0, max(1, width - size_x)))
    patch = image[top : top + size_y, left : left + size_x]
    spots = fractal_noise(rng, *patch.shape[:2], cell=(size_y / 2, size_x / 2), num_octaves=3)
    ys = np.linspace(-1, 1, patch.shape[0])[:, None]
    xs = np.linspace(-1, 1, patch.shape[1])[None, :]
    window = np.clip(1 - ys**2 - xs**2, 0, 1)
    mark = np.clip(spots * 1.5 + 0.4, 0, 1) * window
    patch *= (1 - rng.uniform(0.1, 0.5) * mark[..., None]).astype(np.float32)


def wallpaper(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Repeat one random motif over a painted wall; repeated structure with faint unevenness."""
    cell = int(rng.integers(28, 70))
    motif = fractal_noise(rng, cell, cell // 2, cell=(cell / 4, cell / 4), num_octaves=3)
    motif = np.concatenate([motif, motif[:, ::-1]], axis=1)
    motif = 1.0 / (1.0 + np.exp(-6 * motif))
    rows, columns = -(-height // motif.shape[0]), -(-width // motif.shape[1])
    pattern = np.tile(motif, (rows, columns))[:height, :width].astype(np.float32)
    base = building_color(rng, low=0.5, high=0.8, saturation=0.4)
    other = base * rng.uniform(0.75, 0.9)
    wear = fractal_noise(rng, height, width, cell=(160.0, 160.0), num_octaves=6)
    image = base * (1 - pattern[..., None]) + other * pattern[..., None]
    image = image * (1 + 0.04 * wear[..., None])
    for _ in range(8):
        _blotch(rng, image)
    return to_uint8(image)


def bricks(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    brick: tuple[int, int] = (22, 70),
    joint: int = 3,
    shift: float = 0.5,
    jitter: float = 0.16,
    base: Float[np.ndarray, "3"] | None = None,
) -> Texture:
    """Lay bricks, stones or tiles: own colour for each, joints, stains across all of them.

    `brick` is (height, width) in texels; `shift` moves every second row by that share.
    """
    base = building_color(rng, low=0.4, high=0.75, saturation=0.6) if base is None else base
    ys, xs = np.arange(height), np.arange(width)
    row = ys // brick[0]
    offset = ((row % 2) * shift * brick[1]).astype(np.int64)
    column = (xs[None, :] + offset[:, None]) // brick[1]
    tone = rng.standard_normal((row.max() + 1, int(column.max()) + 1)).astype(np.float32)
    hue = rng.standard_normal((*tone.shape, 3)).astype(np.float32)
    index = (np.broadcast_to(row[:, None], column.shape), column)
    image = base * (1 + jitter * tone[index][..., None] + 0.3 * jitter * hue[index])
    wobble = fractal_noise(rng, height, width, cell=(20.0, 20.0), num_octaves=3)
    in_row = (ys % brick[0])[:, None] + 0.6 * wobble
    in_column = (xs[None, :] + offset[:, None]) % brick[1] + 0.6 * wobble
    is_joint = (in_row < joint) | (in_column < joint)
    grain = fractal_noise(rng, height, width, cell=(160.0, 160.0), num_octaves=8, persistence=0.75)
    image = np.where(is_joint[..., None], random_color(rng, saturation=0.1), image)
    return to_uint8(image * (1 + 0.09 * grain[..., None]))


def planks(
    rng: np.random.Generator, height: int, width: int, *, plank: tuple[int, int] = (26, 260)
) -> Texture:
    """Lay wooden planks along x: grain stretched along the plank, knots, dark gaps."""
    base = np.array([0.62, 0.43, 0.27], np.float32) * rng.uniform(0.6, 1.25)
    base = base * (1 + 0.1 * rng.standard_normal(3).astype(np.float32))
    row = np.arange(height) // plank[0]
    offset = rng.integers(0, plank[1], row.max() + 1)[row]
    column = (np.arange(width)[None, :] + offset[:, None]) // plank[1]
    tone = rng.standard_normal((row.max() + 1, int(column.max()) + 1)).astype(np.float32)
    grain = fractal_noise(rng, height, width, cell=(10.0, 240.0), num_octaves=4, persistence=0.7)
    rough = fractal_noise(rng, height, width, cell=(90.0, 90.0), num_octaves=6, persistence=0.7)
    value = 0.13 * tone[np.broadcast_to(row[:, None], column.shape), column]
    image = tinted(base, value + 0.10 * grain + 0.05 * rough, contrast=1.0)
    gap = ((np.arange(height) % plank[0]) < 2)[:, None]
    end = (np.arange(width)[None, :] + offset[:, None]) % plank[1] < 2
    image[gap | end] *= 0.45
    for _ in range(max(3, height * width // 60000)):
        _blotch(rng, image)
    return to_uint8(image)


def fabric(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Weave a fabric: coarse folds, stripes or checks, fine weave."""
    base = random_color(rng, low=0.25, high=0.8)
    folds = fractal_noise(rng, height, width, cell=(80.0, 80.0), num_octaves=6, persistence=0.65)
    period = rng.uniform(14, 60)
    phase = np.arange(height)[:, None] * (2 * np.pi / period)
    stripes = np.sign(np.sin(phase)) + np.sign(np.sin(np.arange(width) * (2 * np.pi / period)))
    strength = rng.choice([0.0, 0.08, 0.16])
    return to_uint8(tinted(base, 0.11 * folds + strength * stripes, contrast=1.0))


def rough(
    rng: np.random.Generator, height: int, width: int, *, base: Float[np.ndarray, "3"] | None = None
) -> Texture:
    """Make asphalt, concrete or stone: isotropic roughness with strong coarse octaves."""
    base = building_color(rng, low=0.35, high=0.7, saturation=0.2) if base is None else base
    field = fractal_noise(rng, height, width, cell=(200.0, 200.0), num_octaves=8, persistence=0.78)
    image = tinted(base, field, contrast=0.13)
    for _ in range(max(4, height * width // 30000)):
        _blotch(rng, image)
    return to_uint8(image)
