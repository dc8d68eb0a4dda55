"""Lamps of a scene, and how a photo of it was taken: exposure, colour, noise, blur."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, UInt8
from scipy import ndimage

from neumap.rendering.sky import CloudLayer, Rgb


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """One light: a lamp at a position, or the sun from a direction."""

    position_m: tuple[float, float, float]
    """Where the lamp hangs; for the sun, the direction towards it (unit length)."""
    rgb: Rgb
    """Colour times strength: irradiance at 1 m, for the sun everywhere."""
    is_sun: bool = False
    reach_m: float = np.inf
    """Light fades to nothing here; faces beyond cost no shadow rays."""


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """All light in a scene; ambient light reaches every face alike."""

    lamps: tuple[Lamp, ...]
    ambient_rgb: Rgb = (0.45, 0.45, 0.45)
    sky_rgb: Rgb = (0.65, 0.78, 0.95)
    """Seen where a ray hits nothing."""
    clouds: CloudLayer | None = None
    glow: float = 0.0
    """Light that faces of `Finish.glow` 1 give off themselves, such as windows by night."""

    def sky_along(self, directions: Float[np.ndarray, "ray 3"]) -> Float32[np.ndarray, "ray 3"]:
        """Linear colour of the sky along world directions of any length."""
        if self.clouds is None:
            return np.broadcast_to(np.asarray(self.sky_rgb, np.float32), directions.shape).copy()
        return self.clouds.over(self.sky_rgb, directions)

    def near(self, eye_m: Float[np.ndarray, "3"], *, within_m: float, most: int) -> "Lighting":
        """Keep suns and the lamps that can matter to a photo taken at `eye_m`, nearest first."""
        suns = tuple(lamp for lamp in self.lamps if lamp.is_sun)
        others = [lamp for lamp in self.lamps if not lamp.is_sun]
        gaps = [float(np.linalg.norm(np.asarray(lamp.position_m) - eye_m)) for lamp in others]
        order = [int(i) for i in np.argsort(gaps, kind="stable")[:most]]
        return replace(self, lamps=suns + tuple(others[i] for i in order if gaps[i] < within_m))


@dataclass(frozen=True, kw_only=True)
class PhotoStyle:
    """How the sensor turned light into a stored photo."""

    exposure_ev: float = 0.0
    gamma: float = 2.2
    color_cast: Rgb = (1.0, 1.0, 1.0)
    noise_sigma: float = 1.2
    """Standard deviation of pixel noise in grey levels of 255."""
    blur_px: float = 0.45
    """Gaussian sigma of the lens and of focus."""
    motion_px: int = 0
    """Length of a horizontal smear by motion."""
    vignette: float = 0.1
    """Share of light lost in the image corners."""

    def develop(
        self, linear_rgb: Float[np.ndarray, "h w 3"], rng: np.random.Generator
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Turn linear light into bytes as a camera does; `rng` draws the noise."""
        height, width = linear_rgb.shape[:2]
        ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        falloff = 1 - self.vignette * (xs**2 + ys**2) / 2
        gain = np.asarray(self.color_cast, np.float32) * np.float32(2.0**self.exposure_ev)
        light = linear_rgb.astype(np.float32) * gain * falloff[..., None]
        if self.blur_px > 0:
            light = ndimage.gaussian_filter(light, (self.blur_px, self.blur_px, 0), truncate=3.0)
        if self.motion_px > 1:
            light = ndimage.uniform_filter1d(light, self.motion_px, axis=1)
        # A soft shoulder above 0.8 keeps bright walls from clipping to flat white.
        light = np.where(light > 0.8, 1 - 0.2 * np.exp(-(light - 0.8) / 0.2), light)
        grey = 255 * np.power(np.maximum(light, 0), 1 / self.gamma)
        grey += rng.standard_normal(grey.shape, dtype=np.float32) * self.noise_sigma
        return (np.clip(grey, 0, 255) + 0.5).astype(np.uint8)


def day_style(rng: np.random.Generator) -> PhotoStyle:
    """Draw a well-lit photo with the small differences of automatic exposure."""
    cast = 1 + rng.uniform(-0.03, 0.03, 3)
    return PhotoStyle(
        exposure_ev=float(rng.uniform(-0.2, 0.2)),
        color_cast=(float(cast[0]), float(cast[1]), float(cast[2])),
        noise_sigma=float(rng.uniform(0.8, 2.0)),
        blur_px=float(rng.uniform(0.35, 0.6)),
    )


def night_style(rng: np.random.Generator) -> PhotoStyle:
    """Draw a dim photo: under-exposed, warm or cold cast, strong noise, softer."""
    warmth = rng.uniform(-0.15, 0.3)
    return PhotoStyle(
        exposure_ev=float(rng.uniform(-0.7, 0.2)),
        gamma=float(rng.uniform(1.9, 2.3)),
        color_cast=(1 + 0.6 * float(warmth), 1.0, 1 - float(warmth)),
        noise_sigma=float(rng.uniform(2.5, 6.0)),
        blur_px=float(rng.uniform(0.5, 0.9)),
        motion_px=int(rng.integers(0, 4)),
        vignette=float(rng.uniform(0.1, 0.4)),
    )
