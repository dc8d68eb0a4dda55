import numpy as np
import pytest

from made_scene import unit
from neumap.codes.code_space import CodeSpace


def noisy_views(*, num_points=300, views_per_point=6, channels=24, num_signal=4, noise=3.0, seed=0):
    """Signal in the first channels; in the last four, noise of a larger variance."""
    rng = np.random.default_rng(seed)
    signal = np.zeros((num_points, channels))
    signal[:, :num_signal] = rng.normal(size=(num_points, num_signal))
    group = np.repeat(np.arange(num_points), views_per_point)
    views = signal[group] + 0.1 * rng.normal(size=(len(group), channels))
    views[:, -4:] += noise * rng.normal(size=(len(group), 4))
    return views.astype(np.float32), group


def nearest_shows_the_same(space, descriptors, group):
    """Share of first views whose nearest second view, by stored code, shows the same point."""
    codes, queries = descriptors[0::6], descriptors[1::6]
    stored = space.unit_codes(space.quantise(space.project(codes)))
    return (np.argmax(space.query(queries) @ stored.T, axis=1) == np.arange(len(codes))).mean()


@pytest.fixture(scope="module")
def space():
    descriptors, group = noisy_views()
    return CodeSpace.fit(descriptors, group, num_values=8)


def test_levels_are_from_0_to_15(space):
    values = 100 * np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    levels = space.quantise(values)
    assert levels.min() == 0
    assert levels.max() == 15


def test_a_value_in_range_comes_back_within_half_a_step(space):
    share = np.random.default_rng(1).uniform(-7.99, 7.99, (500, 8))
    values = (share * space.step).astype(np.float32)
    gap = np.abs(space.dequantise(space.quantise(values)) - values)
    assert (gap <= 0.5001 * space.step).all()


def test_a_value_out_of_range_comes_back_at_the_last_step(space):
    far = (np.array([[-50.0], [50.0]]) * space.step).astype(np.float32)
    np.testing.assert_allclose(
        space.dequantise(space.quantise(far)), np.array([[-7.5], [7.5]]) * space.step, rtol=1e-6
    )


def test_levels_survive_dequantisation(space):
    levels = np.random.default_rng(2).integers(0, 16, (200, 8))
    np.testing.assert_array_equal(space.quantise(space.dequantise(levels)), levels)


def test_queries_and_codes_have_unit_length(space):
    descriptors, _ = noisy_views(seed=5)
    queries = space.query(descriptors)
    codes = space.unit_codes(space.quantise(space.project(descriptors)))
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)


def test_the_mean_descriptor_projects_to_zero_and_its_query_stays_finite(space):
    mean = space.mean[None]
    np.testing.assert_allclose(space.project(mean), 0, atol=1e-6)
    assert np.isfinite(space.query(mean)).all()


def test_quantised_codes_point_where_the_values_do():
    """4 bits a value lose about 1 % of a Gaussian value's variance."""
    rng = np.random.default_rng(3)
    descriptors = unit(rng.normal(size=(2000, 32)))
    space = CodeSpace.fit(descriptors, np.arange(2000) // 2, num_values=16)
    cosines = (
        space.query(descriptors) * space.unit_codes(space.quantise(space.project(descriptors)))
    ).sum(axis=1)
    assert np.median(cosines) > 0.99
    assert cosines.min() > 0.95


def test_fisher_directions_beat_principal_components_where_noise_has_the_largest_variance():
    descriptors, group = noisy_views()
    held_out, held_group = noisy_views(seed=9)
    fisher = CodeSpace.fit(descriptors, group, num_values=4)
    principal = CodeSpace.fit(descriptors, group, num_values=4, within_weight=0.0)
    assert nearest_shows_the_same(principal, held_out, held_group) < 0.1
    assert nearest_shows_the_same(fisher, held_out, held_group) > 0.6


def test_without_within_weight_the_directions_are_the_principal_components():
    descriptors, group = noisy_views(num_signal=3)
    space = CodeSpace.fit(descriptors, group, num_values=5, within_weight=0.0)
    _, _, rows = np.linalg.svd(descriptors - descriptors.mean(axis=0), full_matrices=False)
    cosines = np.linalg.svd(rows[:5] @ space.projection.T)[1]  # of the two subspaces
    np.testing.assert_allclose(cosines, 1, atol=1e-3)


def test_a_step_is_a_third_of_the_standard_deviation_of_its_value():
    descriptors, group = noisy_views()
    space = CodeSpace.fit(descriptors, group, num_values=6)
    np.testing.assert_allclose(
        space.step, 0.335 * space.project(descriptors).std(axis=0), rtol=1e-3
    )
    assert space.num_values == 6
    assert space.projection.shape == (6, 24)


def test_group_numbers_may_have_gaps_and_any_order():
    descriptors, group = noisy_views()
    order = np.random.default_rng(4).permutation(len(group))
    first = CodeSpace.fit(descriptors, group, num_values=4)
    second = CodeSpace.fit(descriptors[order], 3 * group[order] + 7, num_values=4)
    np.testing.assert_allclose(np.abs(first.projection), np.abs(second.projection), atol=1e-3)
