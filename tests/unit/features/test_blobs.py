import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from neumap.features.blobs import (
    SIGMA,
    difference_of_gaussians,
    find_blobs,
    local_maxima,
    smoothed,
)

SIZE = (96, 128)


def spots(centres, *, sigma=2.0, height=60.0, size=SIZE):
    """Bright Gaussian spots (x, y, corner origin) on grey."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    grey = np.full(size, 100.0)
    for cx, cy in centres:
        grey += height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))
    return torch.from_numpy(grey).float()


def blobs_of(grey, *, max_blobs):
    return find_blobs(difference_of_gaussians(grey), max_blobs=max_blobs)


@pytest.mark.parametrize("sigma", [SIGMA, 2.56])
def test_smoothing_is_a_gaussian_with_mirrored_borders(sigma):
    grey = torch.rand(SIZE, generator=torch.Generator().manual_seed(0)) * 255
    expected = gaussian_filter(grey.numpy(), sigma, mode="mirror", radius=round(4 * sigma))
    np.testing.assert_allclose(smoothed(grey, sigma).numpy(), expected, atol=1e-3)


@pytest.mark.parametrize("height", [60.0, -60.0])
def test_a_spot_is_found_to_a_fraction_of_a_pixel_whether_bright_or_dark(height):
    centres = [(30.3, 40.8), (80.55, 62.1)]
    positions, strengths = blobs_of(spots(centres, height=height), max_blobs=2)
    gaps = np.linalg.norm(positions.numpy()[:, None] - np.array(centres), axis=2).min(axis=1)
    assert gaps.max() < 0.05
    assert strengths[0] >= strengths[1] > 0


def test_a_moved_picture_has_moved_blobs():
    """By any number of pixels: the filter is the same everywhere."""
    large = torch.rand(120, 150, generator=torch.Generator().manual_seed(1)) * 255
    large = smoothed(large, 1.0).contiguous()
    first, _ = blobs_of(large[:100, :120].contiguous(), max_blobs=4000)
    second, _ = blobs_of(large[3:103, 5:125].contiguous(), max_blobs=4000)
    moved = first.numpy() - (5, 3)
    inner = ((moved > 15) & (moved < (100, 80))).all(axis=1)
    gaps = np.linalg.norm(moved[inner][:, None] - second.numpy()[None], axis=2).min(axis=1)
    assert inner.sum() > 50
    assert gaps.max() < 1e-3


def test_the_strongest_come_first_and_the_limit_keeps_them():
    grey = torch.rand(SIZE, generator=torch.Generator().manual_seed(2)) * 255
    positions, strengths = blobs_of(grey, max_blobs=1000)
    few, _ = blobs_of(grey, max_blobs=10)
    assert (strengths.diff() <= 0).all()
    torch.testing.assert_close(few, positions[:10])


@pytest.mark.parametrize("grey", [torch.full(SIZE, 90.0), torch.arange(128.0).expand(SIZE)])
def test_a_picture_without_texture_has_no_blobs(grey):
    positions, strengths = blobs_of(grey.contiguous(), max_blobs=100)
    assert len(positions) == len(strengths) == 0


def test_local_maxima_are_those_of_five_by_five_windows():
    values = torch.rand(13, 17, generator=torch.Generator().manual_seed(1))
    pooled = torch.nn.functional.max_pool2d(values[None, None], 5, stride=1, padding=2)[0, 0]
    rows, columns = local_maxima(values, 0.3)
    expected = torch.nonzero((values == pooled) & (values > 0.3))
    assert torch.stack([rows, columns], dim=1).tolist() == expected.tolist()
