"""Texture look-up."""

import numpy as np
import pytest

from neumap.rendering.texture_atlas import TextureAtlas

RAMP = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 64, 0).repeat(3, 2)
"""64 x 64 texels whose value grows by 4 a column."""


def _sample(uv: list[tuple[float, float]], texels: float = 1.0) -> np.ndarray:
    atlas = TextureAtlas.pack([np.zeros((3, 5, 3), np.uint8), RAMP])
    count = len(uv)
    return atlas.sample(np.full(count, 1), np.array(uv), np.full(count, texels))


@pytest.mark.parametrize("column", [0, 7, 63])
def test_texel_centres_return_the_texel(column):
    got = _sample([((column + 0.5) / 64, 0.5)])
    np.testing.assert_allclose(got[0], 4.0 * column, atol=1e-3)


def test_between_texels_the_value_is_interpolated():
    np.testing.assert_allclose(_sample([(10.0 / 64, 0.5)])[0], 38.0, atol=1e-3)


def test_outside_shares_take_the_border():
    np.testing.assert_allclose(_sample([(-1.0, 0.2), (2.0, 0.2)])[:, 0], [0.0, 252.0], atol=1e-3)


def test_a_large_footprint_averages():
    checker = np.indices((64, 64)).sum(0) % 2 * 255
    image = np.repeat(checker[..., None], 3, 2).astype(np.uint8)
    atlas = TextureAtlas.pack([image])
    uv = np.random.default_rng(0).uniform(0, 1, (50, 2))
    got = atlas.sample(np.zeros(50, int), uv, np.full(50, 8.0))
    assert np.abs(got - 127.5).max() < 2.0
