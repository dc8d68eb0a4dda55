"""Clouds over a scene: what rays see that hit nothing, and what glossy faces mirror."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from neumap.rendering.noise import fractal_noise

Rgb = tuple[float, float, float]

_SIDE = 512  # cells of the cloud layer along one side
_CELLS_PER_HEIGHT = 130.0  # cells of the layer for each cloud height that a ray goes sideways
_HORIZON = 0.12  # height of a unit ray below which haze hides the clouds


@dataclass(frozen=True, eq=False)
class CloudLayer:
    """A flat layer of clouds, mirrored at its edges without end."""

    cover: Float32[np.ndarray, "row column"]
    """0 is clear, 1 is covered."""
    rgb: Rgb
    """Linear colour of a cloud."""

    @classmethod
    def draw(cls, rng: np.random.Generator, *, rgb: Rgb = (0.95, 0.95, 0.95)) -> "CloudLayer":
        """Draw clouds that cover about a third of the sky."""
        field = fractal_noise(rng, _SIDE, _SIDE, cell=(150.0, 190.0), num_octaves=7)
        cover = np.clip(0.8 * field + rng.uniform(-0.5, 0.3), 0.0, 1.0)
        return cls(cover.astype(np.float32), rgb)

    def over(
        self, sky_rgb: Rgb, directions: Float[np.ndarray, "ray 3"]
    ) -> Float32[np.ndarray, "ray 3"]:
        """Linear colour of the sky along world directions of any length; haze at the horizon."""
        unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        height = np.maximum(unit[:, 2], 0.03)
        across = np.abs(unit[:, :2] / height[:, None] * _CELLS_PER_HEIGHT).astype(np.int64)
        column, row = (_SIDE - 1 - np.abs(across % (2 * _SIDE) - _SIDE + 0.5)).astype(int).T
        share = self.cover[row, column] * np.clip(unit[:, 2] / _HORIZON - 0.3, 0.0, 1.0)
        clear = np.asarray(sky_rgb, np.float32)
        haze = (0.45 * np.exp(-5.0 * height)).astype(np.float32)[:, None]
        clear = clear + haze * (clear.max() - clear)
        share = share.astype(np.float32)[:, None]
        return (1 - share) * clear + share * np.asarray(self.rgb, np.float32)
