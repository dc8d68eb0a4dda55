import numpy as np
import pytest
from benchmarks.night import NIGHT_LEVELS, NightExtractor, at_night

from neumap.features import AbstractExtractor, LocalFeatures


class _MeanColour(AbstractExtractor):
    """Describes a photo by one key-point whose descriptor is its mean colour."""

    identity = "mean colour"
    descriptor_dim = 3

    def extract(self, rgb):
        colour = rgb.reshape(-1, 3).mean(axis=0).astype(np.float32)[None]
        return LocalFeatures(np.zeros((1, 2)), colour, np.ones(1, dtype=np.float32))


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(60, 250, (48, 64, 3), dtype=np.uint8)


def test_the_same_photo_gives_the_same_night(photo):
    level = NIGHT_LEVELS[3]
    assert np.array_equal(at_night(photo, level), at_night(photo.copy(), level))


def test_each_level_is_darker_than_the_one_before(photo):
    means = [photo.mean(), *(at_night(photo, NIGHT_LEVELS[i]).mean() for i in range(1, 6))]
    assert (np.diff(means) < 0).all()


def test_levels_grow_in_every_respect():
    levels = [NIGHT_LEVELS[i] for i in range(1, 6)]
    for name, sign in (("gain", -1), ("photons", -1), ("read_noise", 1), ("blur_px", 1)):
        assert (sign * np.diff([getattr(level, name) for level in levels]) > 0).all()


def test_red_loses_least(photo):
    red, green, blue = at_night(photo, NIGHT_LEVELS[5]).reshape(-1, 3).mean(axis=0)
    assert red > green > blue


def test_the_extractor_describes_the_degraded_photo_and_says_so(photo):
    level = NIGHT_LEVELS[2]
    night = NightExtractor(_MeanColour(), level)
    expected = at_night(photo, level).reshape(-1, 3).mean(axis=0)
    assert np.allclose(night.extract(photo).descriptors[0], expected, atol=1e-3)
    identities = {NightExtractor(_MeanColour(), one).identity for one in NIGHT_LEVELS.values()}
    assert len(identities | {_MeanColour().identity}) == 6
