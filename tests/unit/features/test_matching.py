import numpy as np
import pytest

from made_scene import unit
from neumap.features.matching import mutual_nearest


def descriptors(count, seed):
    return unit(np.random.default_rng(seed).normal(size=(count, 16)))


def brute_force(a, b, min_similarity):
    table = a @ b.T
    return [
        (i, j)
        for i in range(len(a))
        for j in range(len(b))
        if table[i].argmax() == j and table[:, j].argmax() == i and table[i, j] >= min_similarity
    ]


@pytest.mark.parametrize("min_similarity", [-1.0, 0.5])
@pytest.mark.parametrize("sizes", [(40, 60), (60, 40), (1, 30), (1, 1)])
def test_pairs_are_those_of_the_literal_definition(sizes, min_similarity):
    a, b = descriptors(sizes[0], 1), descriptors(sizes[1], 2)
    pairs, similarity = mutual_nearest(a, b, min_similarity=min_similarity)
    assert [tuple(p) for p in pairs] == brute_force(a, b, min_similarity)
    np.testing.assert_allclose(similarity, (a[pairs[:, 0]] * b[pairs[:, 1]]).sum(1), atol=1e-6)


def test_swapping_the_photos_swaps_the_columns():
    a, b = descriptors(50, 3), descriptors(70, 4)
    forward, _ = mutual_nearest(a, b)
    backward, _ = mutual_nearest(b, a)
    assert {(i, j) for i, j in forward} == {(i, j) for j, i in backward}


def test_a_photo_matches_its_shuffled_self_exactly():
    a = descriptors(50, 5)
    order = np.random.default_rng(6).permutation(50)
    pairs, similarity = mutual_nearest(a, a[order])
    np.testing.assert_array_equal(order[pairs[:, 1]], pairs[:, 0])
    assert len(pairs) == 50
    np.testing.assert_allclose(similarity, 1, atol=1e-6)


@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (0, 0)])
def test_no_descriptors_give_no_pairs(sizes):
    pairs, similarity = mutual_nearest(descriptors(5, 0)[: sizes[0]], descriptors(5, 1)[: sizes[1]])
    assert pairs.shape == (0, 2)
    assert similarity.shape == (0,)
