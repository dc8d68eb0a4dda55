"""Photo styles."""

import numpy as np
import pytest

from neumap.rendering.light import PhotoStyle, day_style, night_style

GREY = np.full((40, 60, 3), 0.3, np.float32)


def _developed(style: PhotoStyle) -> np.ndarray:
    return style.develop(GREY, np.random.default_rng(0)).astype(float)


def test_more_exposure_is_brighter():
    dark, bright = (_developed(PhotoStyle(exposure_ev=ev)).mean() for ev in (-1.0, 0.5))
    assert bright > dark + 30


def test_noise_has_the_stated_deviation():
    assert _developed(PhotoStyle(noise_sigma=4.0, vignette=0.0)).std() == pytest.approx(4, rel=0.1)


def test_vignette_darkens_corners():
    picture = _developed(PhotoStyle(noise_sigma=0.0, vignette=0.4))
    assert picture[0, 0, 0] < picture[20, 30, 0] - 10


def test_motion_smears_along_rows_only():
    light = np.zeros((21, 21, 3), np.float32)
    light[10, 10] = 0.5
    style = PhotoStyle(noise_sigma=0.0, blur_px=0.0, motion_px=5, vignette=0.0)
    lit = style.develop(light, np.random.default_rng(0))[..., 0] > 0
    assert lit[10].sum() == 5
    assert lit[:, 10].sum() == 1


def test_nights_are_darker_and_noisier_than_days():
    rng = np.random.default_rng(0)
    days, nights = [day_style(rng) for _ in range(20)], [night_style(rng) for _ in range(20)]
    assert max(s.noise_sigma for s in days) < min(s.noise_sigma for s in nights)
    assert np.mean([s.exposure_ev for s in nights]) < np.mean([s.exposure_ev for s in days])
