"""Noise and colours."""

import numpy as np
import pytest

from neumap.rendering.noise import building_color, fractal_noise, random_color, to_uint8


def test_noise_has_mean_zero_and_unit_deviation():
    field = fractal_noise(np.random.default_rng(0), 60, 90)
    assert field.shape == (60, 90)
    assert abs(field.mean()) < 1e-4
    assert field.std() == pytest.approx(1.0, abs=1e-3)


def test_noise_depends_on_the_seed_alone():
    fields = [fractal_noise(np.random.default_rng(seed), 30, 30) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(fields[0], fields[1])
    assert np.abs(fields[0] - fields[2]).max() > 0.1


@pytest.mark.parametrize("draw", [random_color, building_color])
def test_colors_stay_in_their_brightness_bounds(draw):
    rng = np.random.default_rng(0)
    brightest = [draw(rng, low=0.3, high=0.6, saturation=0.5).max() for _ in range(200)]
    assert min(brightest) >= 0.3
    assert max(brightest) <= 0.6 + 1e-6


def test_bytes_are_clipped_and_rounded():
    pixel = np.array([[[-0.5, 0.5, 1.7]]], np.float32)
    np.testing.assert_array_equal(to_uint8(pixel)[0, 0], [0, 128, 255])
