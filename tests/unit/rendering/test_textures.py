"""Laws that all textures (surfaces.py and prints.py) share."""

import numpy as np
import pytest

from neumap.rendering import prints, surfaces

TEXTURES = [
    surfaces.plaster,
    surfaces.wallpaper,
    surfaces.bricks,
    surfaces.planks,
    surfaces.fabric,
    surfaces.rough,
    prints.painting,
    prints.poster,
    prints.book_row,
    prints.screen,
    prints.rug,
]
"""Functions of (rng, height, width)."""


@pytest.mark.parametrize("make", TEXTURES, ids=lambda make: make.__name__)
def test_texture_has_the_asked_size_and_some_contrast(make):
    image = make(np.random.default_rng(0), 90, 130)
    assert image.shape == (90, 130, 3)
    assert image.astype(float).std() > 1.0


@pytest.mark.parametrize("make", TEXTURES, ids=lambda make: make.__name__)
def test_texture_depends_on_the_seed_alone(make):
    first, again, other = (make(np.random.default_rng(seed), 60, 80) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.2


def test_cabinet_front_keeps_the_size_of_its_ground():
    ground = np.full((50, 70, 3), 120, np.uint8)
    front = prints.cabinet_front(np.random.default_rng(0), ground, 2, 1)
    assert front.shape == ground.shape
    assert (front != 120).any()


def test_two_posters_look_different():
    rng = np.random.default_rng(0)
    first, second = (prints.poster(rng, 80, 60).astype(float) for _ in range(2))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < 0.9
