import numpy as np
import pytest

from neumap.training.noisy_photos import NoiseConfig, _motion, draw_pair, scaled_copies

CONFIG = NoiseConfig(side=64)


def textured(height=200, width=300, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (height // 10, width // 10, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((10, 10, 1), dtype=np.uint8))


def test_copies_are_reduced_as_long_as_a_crop_fits_in():
    copies = scaled_copies(textured(), least_side=64)
    assert [copy.shape[:2] for copy in copies][:2] == [(200, 300), (160, 240)]
    assert min(min(copy.shape[:2]) for copy in copies) >= 64
    assert {min(copy.shape[:2]) for copy in scaled_copies(textured(40, 90), least_side=64)} == {64}


def test_a_pair_is_a_crop_and_its_darker_noisier_copy():
    rng = np.random.default_rng(3)
    groups = [[scaled_copies(textured(), least_side=64)]]
    pairs = [draw_pair(rng, groups, CONFIG) for _ in range(8)]
    for clean, noisy in pairs:
        assert clean.shape == noisy.shape == (64, 64, 3)
        assert clean.dtype == np.float32
        assert 0 <= clean.min() < clean.max() <= 1
    assert np.mean([noisy.mean() / 255 for _, noisy in pairs]) < 0.6 * np.mean(
        [clean.mean() for clean, _ in pairs]
    )


def test_the_same_seed_draws_the_same_pair_and_another_seed_another():
    groups = [[scaled_copies(textured(), least_side=64)]]
    drawn = [draw_pair(np.random.default_rng(seed), groups, CONFIG) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    assert not np.array_equal(drawn[0][1], drawn[2][1])


def test_crops_without_structure_are_not_drawn():
    flat = np.full((80, 80, 3), 90, dtype=np.uint8)
    groups = [[[flat], scaled_copies(textured(), least_side=64)]]
    clean, _ = draw_pair(np.random.default_rng(0), groups, CONFIG)
    assert clean.std() > 0.03


@pytest.mark.parametrize("seed", range(5))
def test_motion_spreads_light_along_a_line_and_loses_none(seed):
    kernel = _motion(np.random.default_rng(seed)).numpy()
    assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.count_nonzero(kernel) >= 3
    rows, columns = np.nonzero(kernel)
    assert np.hypot(np.ptp(rows), np.ptp(columns)) >= 2
