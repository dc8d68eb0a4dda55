import numpy as np
import pytest

from neumap.pose.residual_noise import noise_of_residuals


def lengths(rng, *, noise_px, num_right, num_wrong, reach_px=4.0):
    """Lengths of errors of right pairs, and of wrong ones spread evenly over the disc."""
    right = np.linalg.norm(rng.normal(0, noise_px, (num_right, 2)), axis=1)
    wrong = reach_px * np.sqrt(rng.uniform(0, 1, num_wrong))
    both = np.concatenate([right, wrong])
    return both[both <= reach_px]


@pytest.mark.parametrize("noise_px", [0.15, 0.5, 1.2])
@pytest.mark.parametrize("num_wrong", [0, 150, 300])
def test_noise_is_found_among_wrong_pairs(noise_px, num_wrong):
    rng = np.random.default_rng(4)
    residuals = lengths(rng, noise_px=noise_px, num_right=600, num_wrong=num_wrong)
    assert noise_of_residuals(residuals, reach_px=4.0) == pytest.approx(noise_px, rel=0.15)


def test_noise_follows_the_unit():
    rng = np.random.default_rng(5)
    residuals = lengths(rng, noise_px=0.5, num_right=300, num_wrong=60)
    one = noise_of_residuals(residuals, reach_px=4.0)
    assert noise_of_residuals(3 * residuals, reach_px=12.0) == pytest.approx(3 * one)


def test_few_pairs_tell_nothing():
    assert noise_of_residuals(np.full(7, 0.1), reach_px=4.0) == 2.0


def test_exact_and_hopeless_pairs_stay_within_the_limits():
    assert noise_of_residuals(np.zeros(50), reach_px=4.0) == pytest.approx(0.04)
    wrong = lengths(np.random.default_rng(6), noise_px=1.0, num_right=0, num_wrong=200)
    assert 0.04 <= noise_of_residuals(wrong, reach_px=4.0) <= 2.0
