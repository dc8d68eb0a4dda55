import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform

QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def test_quaternions_have_the_scalar_first():
    half = np.sqrt(0.5)
    turn = RigidTransform.from_quat_wxyz(np.array([half, 0.0, 0.0, half]), np.zeros(3))
    np.testing.assert_allclose(turn.rotation, QUARTER_TURN, atol=1e-15)
    np.testing.assert_allclose(turn.quat_wxyz, [half, 0, 0, half], atol=1e-15)


def test_quaternions_are_normalised_and_their_sign_does_not_matter():
    quat = np.array([1.0, 2.0, -3.0, 0.5])
    first, second, third = (
        RigidTransform.from_quat_wxyz(factor * quat, np.zeros(3)) for factor in (1.0, -1.0, 7.0)
    )
    np.testing.assert_allclose(first.rotation, second.rotation)
    np.testing.assert_allclose(first.rotation, third.rotation)


def test_translation_is_added_after_the_rotation():
    moved = RigidTransform(QUARTER_TURN, np.array([10.0, 0.0, 0.0])).apply(
        np.array([[1.0, 0.0, 0.0]])
    )
    np.testing.assert_allclose(moved, [[10.0, 1.0, 0.0]])


def test_product_reads_from_right_to_left():
    turn = RigidTransform(QUARTER_TURN, np.zeros(3))
    shift = RigidTransform(np.eye(3), np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose((turn @ shift).translation, [0.0, 1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose((shift @ turn).translation, [1.0, 0.0, 0.0], atol=1e-15)


def test_one_transform_composes_with_a_batch():
    single = RigidTransform(QUARTER_TURN, np.ones(3))
    rotations = Rotation.from_rotvec(np.eye(3)).as_matrix()
    batch = RigidTransform(rotations, np.arange(9.0).reshape(3, 3))
    product = single @ batch
    for index in range(3):
        one = single @ RigidTransform(rotations[index], batch.translation[index])
        np.testing.assert_allclose(product.matrix[index], one.matrix)


@pytest.mark.parametrize(
    ("rotation", "translation", "reason"),
    [
        (np.full((3, 3), np.nan), np.zeros(3), "NaN"),
        (np.eye(3), np.array([0.0, np.inf, 0.0]), "infinite"),
        (np.diag([1.0, 1.0, -1.0]), np.zeros(3), "mirrored"),
        (1.1 * np.eye(3), np.zeros(3), "orthonormal"),
        (np.zeros((3, 3)), np.zeros(3), "orthonormal"),
    ],
)
def test_defect_names_what_is_wrong(rotation, translation, reason):
    defect = RigidTransform(rotation, translation).defect()
    assert defect is not None
    assert reason in defect


def test_small_rounding_is_no_defect():
    assert RigidTransform(np.eye(3) + 1e-5, np.zeros(3)).defect() is None
