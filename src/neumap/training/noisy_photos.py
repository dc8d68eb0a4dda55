"""Pairs of a clean crop of a photo and the same crop as a camera would store it in the dark.

Light is taken away before the sensor's noise is added, then the photo is stored with 8 bits.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch.nn import functional

from neumap.features.blobs import difference_of_gaussians
from neumap.features.denoiser import noise_ratio

_GAMMA = np.float32(2.2)
_SCALES = (1.0, 0.8, 0.6, 0.45, 0.33)  # at which a photo is cut
_LEAST_SPREAD = 0.03  # of a crop's grey values; walls without any structure teach nothing
_TRIES = 4  # noises drawn for a crop before another crop is taken


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseConfig:
    """What happens to crops; light has 1 as the sensor's full scale."""

    side: int = 192
    """Rows and columns of a crop."""
    gain: tuple[float, float] = (0.012, 0.2)
    """Light that is left, drawn evenly on a log scale as all that follow it."""
    photons: tuple[float, float] = (150.0, 2000.0)
    """Photons at full scale: the variance of shot noise is light / photons."""
    read_noise: tuple[float, float] = (0.0015, 0.01)
    """Standard deviation of the noise that does not depend on the light."""
    max_blur_px: float = 2.3
    """Most blur, drawn evenly from 0."""
    least_noise_ratio: float = 1.5
    """Crops of less noise are drawn again."""


Crop = Float32[np.ndarray, "side side 3"]
Copies = list[UInt8[np.ndarray, "_ _ 3"]]
"""A photo at several sizes."""


def scaled_copies(photo: UInt8[np.ndarray, "height width 3"], *, least_side: int) -> Copies:
    """Reduce a photo to several sizes, so that crops differ in how much they show."""
    height, width = photo.shape[:2]
    grown = max(1.0, least_side / min(height, width))
    copies: Copies = []
    for scale in _SCALES:
        size = (round(width * scale * grown), round(height * scale * grown))
        if min(size) >= least_side:
            copies.append(np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX)))
    return copies


def draw_pair(
    rng: np.random.Generator,
    groups: Sequence[Sequence[Copies]],
    config: NoiseConfig,
) -> tuple[Crop, UInt8[np.ndarray, "side side 3"]]:
    """Draw a clean crop, in [0, 1], and its noisy copy.

    Groups of photos are drawn equally often; a photo is given by its `scaled_copies`.
    """
    while True:
        photos = groups[int(rng.integers(len(groups)))]
        copies = photos[int(rng.integers(len(photos)))]
        clean = _crop(rng, copies[int(rng.integers(len(copies)))], config.side)
        if clean.mean(axis=2).std() < _LEAST_SPREAD:
            continue
        for _ in range(_TRIES):
            noisy = _degraded(rng, clean, config)
            grey = torch.from_numpy(noisy.mean(axis=2, dtype=np.float32))
            if noise_ratio(grey, difference_of_gaussians(grey)) >= config.least_noise_ratio:
                return clean, noisy


def _crop(rng: np.random.Generator, photo: UInt8[np.ndarray, "height width 3"], side: int) -> Crop:
    """Cut, turn, and change contrast and colours."""
    row, column = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
    crop = photo[row : row + side, column : column + side]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.25:
        crop = crop[::-1]
    if rng.random() < 0.25:
        crop = crop.transpose(1, 0, 2)
    values = np.ascontiguousarray(crop).astype(np.float32) / np.float32(255)
    if rng.random() < 0.3:
        values = values ** np.float32(rng.uniform(0.7, 1.4))
    return values[..., rng.permutation(3)] if rng.random() < 0.15 else values


def _degraded(
    rng: np.random.Generator, clean: Crop, config: NoiseConfig
) -> UInt8[np.ndarray, "side side 3"]:
    light = _planes(clean**_GAMMA)
    is_finer = rng.random() < 0.25  # the sensor has more pixels than are kept
    if is_finer:
        light = functional.interpolate(light, scale_factor=2.0, mode="bilinear")
    light = _smoothed(light, rng.uniform(0, config.max_blur_px) * (1 + is_finer))
    if rng.random() < 0.25:
        light = _convolved(light, _motion(rng))
    cast = torch.tensor([1.0, rng.uniform(0.7, 1.1), rng.uniform(0.45, 1.15)])
    light = light * _log_uniform(rng, config.gain) * cast[:, None, None].float()
    photons, read = _log_uniform(rng, config.photons), _log_uniform(rng, config.read_noise)
    noise = torch.from_numpy(rng.standard_normal(light.shape, dtype=np.float32))
    if rng.random() < 0.3:  # as it is after colours are interpolated
        noise = 1.6 * _smoothed(noise, rng.uniform(0.4, 0.9))
    noisy = light + (light / photons + read**2).sqrt() * noise
    if is_finer:
        noisy = functional.avg_pool2d(noisy, 2)
    if rng.random() < 0.25:  # a camera that makes dark photos brighter
        noisy = noisy * _log_uniform(rng, (1.0, 8.0))
    stored = (255 * noisy.clamp(0, 1) ** (1 / float(_GAMMA))).round()
    rgb = stored[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()
    return _as_jpeg(rgb, int(rng.integers(60, 96))) if rng.random() < 0.35 else rgb


def _planes(values: Crop) -> torch.Tensor:
    return torch.from_numpy(values).permute(2, 0, 1)[None].contiguous()


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _smoothed(values: torch.Tensor, sigma: float) -> torch.Tensor:
    reach = max(1, round(3 * sigma))
    weights = torch.exp(-((torch.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2) / 2)
    weights = weights / weights.sum()
    return _convolved(_convolved(values, weights[None]), weights[:, None])


def _motion(rng: np.random.Generator) -> torch.Tensor:
    """A straight line of 2 to 9 pixels in any direction."""
    reach, angle = int(rng.integers(1, 5)), rng.uniform(0, np.pi)
    along = np.linspace(-reach, reach, 16 * reach + 1)
    column = np.rint(reach + along * np.cos(angle)).astype(int)
    row = np.rint(reach + along * np.sin(angle)).astype(int)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    np.add.at(kernel, (row, column), 1 / len(along))
    return torch.from_numpy(kernel)


def _convolved(values: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Convolve each channel; the picture goes on mirrored at its borders."""
    rows, columns = (length // 2 for length in kernel.shape)
    padded = functional.pad(values, (columns, columns, rows, rows), mode="reflect")
    return functional.conv2d(padded.transpose(0, 1), kernel[None, None]).transpose(0, 1)


def _as_jpeg(
    rgb: UInt8[np.ndarray, "side side 3"], quality: int
) -> UInt8[np.ndarray, "side side 3"]:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
