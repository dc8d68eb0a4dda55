import numpy as np
import pytest

from neumap.geometry.neighbours import is_mutually_best, near_pairs


def test_near_pairs_are_those_within_the_radius():
    rng = np.random.default_rng(0)
    xy_a, xy_b = rng.uniform(0, 50, (40, 2)), rng.uniform(0, 50, (30, 2))
    found = set(
        zip(*(idx.tolist() for idx in near_pairs(xy_a, xy_b, radius=6.0, most=30)), strict=True)
    )
    distance = np.linalg.norm(xy_a[:, None] - xy_b[None], axis=2)
    assert found == set(zip(*(idx.tolist() for idx in np.nonzero(distance < 6.0)), strict=True))


def test_at_most_the_asked_number_of_neighbours_is_given_and_they_are_the_nearest():
    xy_b = np.array([[float(x), 0.0] for x in range(10)])
    a, b = near_pairs(np.array([[0.1, 0.0]]), xy_b, radius=100.0, most=3)
    assert a.tolist() == [0, 0, 0]
    assert sorted(b.tolist()) == [0, 1, 2]


@pytest.mark.parametrize(("num_a", "num_b"), [(0, 5), (5, 0), (0, 0)])
def test_nothing_is_near_nothing(num_a, num_b):
    a, b = near_pairs(np.zeros((num_a, 2)), np.zeros((num_b, 2)), radius=1.0, most=2)
    assert len(a) == len(b) == 0


def test_one_neighbour_alone_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        near_pairs(np.zeros((1, 2)), np.zeros((1, 2)), radius=1.0, most=1)


def test_mutually_best_agrees_with_a_full_search():
    rng = np.random.default_rng(1)
    value = rng.normal(size=(12, 9))
    a, b = (idx.reshape(-1) for idx in np.meshgrid(np.arange(12), np.arange(9), indexing="ij"))
    kept = is_mutually_best(a, b, value[a, b])
    expected = (value == value.max(axis=0)) & (value == value.max(axis=1, keepdims=True))
    assert set(zip(a[kept], b[kept], strict=True)) == set(zip(*np.nonzero(expected), strict=True))


def test_of_pairs_that_tie_the_first_is_kept():
    kept = is_mutually_best(np.array([0, 0, 1]), np.array([4, 5, 6]), np.array([0.5, 0.5, -2.0]))
    assert kept.tolist() == [True, False, True]


def test_no_pairs_have_no_best():
    nothing = np.zeros(0, dtype=np.int64)
    assert len(is_mutually_best(nothing, nothing, np.zeros(0))) == 0
