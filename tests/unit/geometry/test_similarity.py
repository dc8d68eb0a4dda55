import numpy as np

from neumap.geometry import RigidTransform, Similarity


def test_scale_acts_before_rotation_and_translation():
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    similarity = Similarity(2.0, RigidTransform(turn, np.array([0.0, 0.0, 5.0])))
    np.testing.assert_allclose(similarity.apply(np.array([[1.0, 0.0, 0.0]])), [[0.0, 2.0, 5.0]])


def test_points_on_a_line_give_a_proper_rotation():
    source = np.outer(np.arange(4.0), [1.0, 2.0, 3.0])
    found = Similarity.fit(source, 3 * source)
    assert found.target_from_source.defect() is None
    np.testing.assert_allclose(found.apply(source), 3 * source, atol=1e-9)
