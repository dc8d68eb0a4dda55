"""Five levels of night-like photos: darker, noisier, yellower and more blurred.

The light is taken away before the sensor's noise is added and the photo is stored with 8 bits, as
in a camera of fixed exposure. `decoder.md`, section 5: level 4 leaves about half of XFeat's right
matches; the levels are set so on the sets that may be tuned on.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from scipy.ndimage import gaussian_filter

from neumap.features import AbstractExtractor, LocalFeatures

_GAMMA = 2.2


@dataclass(frozen=True, kw_only=True, slots=True)
class NightLevel:
    """What happens to the light of a photo; linear light has 1 as the sensor's full scale."""

    gain: float
    """Light that is left."""
    photons: float
    """Photons at full scale: the variance of shot noise is light / photons."""
    read_noise: float
    """Standard deviation of the noise that does not depend on the light."""
    cast: tuple[float, float, float]
    """Factors of red, green and blue."""
    blur_px: float
    """Standard deviation of the blur in stored pixels."""


NIGHT_LEVELS = {
    1: NightLevel(gain=0.4, photons=2000, read_noise=0.002, cast=(1.0, 0.95, 0.85), blur_px=0.5),
    2: NightLevel(gain=0.2, photons=1000, read_noise=0.003, cast=(1.0, 0.90, 0.75), blur_px=0.8),
    3: NightLevel(gain=0.09, photons=600, read_noise=0.0045, cast=(1.0, 0.85, 0.65), blur_px=1.2),
    4: NightLevel(gain=0.04, photons=450, read_noise=0.0055, cast=(1.0, 0.80, 0.55), blur_px=1.6),
    5: NightLevel(gain=0.025, photons=350, read_noise=0.0065, cast=(1.0, 0.75, 0.50), blur_px=2.0),
}
"""By severity, day being 0."""


def at_night(
    rgb: UInt8[np.ndarray, "height width 3"], level: NightLevel
) -> UInt8[np.ndarray, "height width 3"]:
    """Return the photo as it would be stored at that level.

    The noise is seeded by the photo's own pixels: the same photo gives the same bytes.
    """
    digest = hashlib.sha256(np.ascontiguousarray(rgb).tobytes()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    light = (rgb.astype(np.float32) / 255) ** _GAMMA
    light = gaussian_filter(light, (level.blur_px, level.blur_px, 0.0))
    light = light * level.gain * np.array(level.cast, dtype=np.float32)
    sigma = np.sqrt(light / level.photons + level.read_noise**2)
    noisy = light + sigma * rng.standard_normal(light.shape, dtype=np.float32)
    return np.rint(255 * np.clip(noisy, 0, 1) ** (1 / _GAMMA)).astype(np.uint8)


class NightExtractor(AbstractExtractor):
    """Describes each photo as it would look at a level of night.

    Its identity names the level, so that a feature cache keeps the levels apart.
    """

    def __init__(self, extractor: AbstractExtractor, level: NightLevel) -> None:
        self._extractor = extractor
        self._level = level

    @property
    def identity(self) -> str:
        """The extractor's identity and the level's numbers."""
        return f"{self._extractor.identity} night 1 {self._level}"

    @property
    def descriptor_dim(self) -> int:
        """Number of channels of a descriptor."""
        return self._extractor.descriptor_dim

    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Degrade the photo, then describe it."""
        return self._extractor.extract(at_night(rgb, self._level))
