"""Laws of the similarity fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform, Similarity

LAW = settings(deadline=None, max_examples=40, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def made_similarity(generator):
    rotation = Rotation.random(random_state=np.random.RandomState(generator.integers(2**31)))
    return Similarity(
        float(np.exp(generator.normal(0, 2))),
        RigidTransform(rotation.as_matrix(), generator.normal(0, 10, 3)),
    )


@given(SEEDS, st.integers(3, 30))
@LAW
def test_fit_finds_the_similarity_that_made_the_points(seed, num_points):
    generator = np.random.default_rng(seed)
    truth = made_similarity(generator)
    source = generator.normal(size=(num_points, 3))
    found = Similarity.fit(source, truth.apply(source))
    assert found.scale == pytest.approx(truth.scale, rel=1e-6)
    np.testing.assert_allclose(found.apply(source), truth.apply(source), atol=1e-7 * truth.scale)


@given(SEEDS)
@LAW
def test_points_on_a_plane_suffice_and_the_rotation_is_proper(seed):
    generator = np.random.default_rng(seed)
    truth = made_similarity(generator)
    source = generator.normal(size=(12, 3)) * np.array([1.0, 1.0, 0.0])
    found = Similarity.fit(source, truth.apply(source))
    np.testing.assert_allclose(found.apply(source), truth.apply(source), atol=1e-7 * truth.scale)
    assert found.target_from_source.defect() is None


@given(SEEDS)
@LAW
def test_mirrored_points_never_give_a_mirrored_pose(seed):
    generator = np.random.default_rng(seed)
    source = generator.normal(size=(12, 3))
    found = Similarity.fit(source, source * np.array([1.0, 1.0, -1.0]))
    assert found.target_from_source.defect() is None
    assert found.scale > 0


@given(SEEDS)
@LAW
def test_no_nearby_similarity_fits_noisy_points_better(seed):
    generator = np.random.default_rng(seed)
    truth = made_similarity(generator)
    source = generator.normal(size=(15, 3))
    target = truth.apply(source) + 0.1 * truth.scale * generator.normal(size=(15, 3))
    found = Similarity.fit(source, target)
    best = ((found.apply(source) - target) ** 2).sum()
    for _ in range(5):
        turn = Rotation.from_rotvec(generator.normal(0, 1e-2, 3)).as_matrix()
        pose = found.target_from_source
        near = Similarity(
            found.scale * float(np.exp(generator.normal(0, 1e-2))),
            RigidTransform(turn @ pose.rotation, pose.translation),
        )
        assert ((near.apply(source) - target) ** 2).sum() >= best * (1 - 1e-12)


@pytest.mark.parametrize("num_points", [0, 1, 2])
def test_too_few_points_are_refused(num_points):
    with pytest.raises(ValueError, match="expected >= 3"):
        Similarity.fit(np.zeros((num_points, 3)), np.zeros((num_points, 3)))


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="equal"):
        Similarity.fit(np.ones((5, 3)), np.ones((5, 3)))
