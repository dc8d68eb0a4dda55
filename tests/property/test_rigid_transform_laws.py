"""Laws of rigid transforms over batch shapes, near the identity and at half turns."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.geometry.rigid_transform import rotation_angle_deg

LAW = settings(deadline=None, max_examples=40, derandomize=True)
SHAPES = st.sampled_from([(), (1,), (3,), (2, 4), (0,)])
# From the identity's neighbourhood, where formulas lose digits, to half a turn.
ANGLES = st.sampled_from([0.0, 1e-9, 1e-5, 0.1, 1.0, 3.0, np.pi - 1e-6, np.pi])


@st.composite
def transforms(draw, shape=None):
    batch = draw(SHAPES) if shape is None else shape
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    axes = generator.normal(size=(*batch, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    vectors = (axes * draw(ANGLES)).reshape(-1, 3)
    rotation = Rotation.from_rotvec(vectors).as_matrix().reshape(*batch, 3, 3)
    translation = generator.normal(size=(*batch, 3)) * draw(st.sampled_from([0.0, 1.0, 1e4]))
    return RigidTransform(rotation, translation)


def assert_same(first, second):
    assert first.rotation.shape == second.rotation.shape
    np.testing.assert_allclose(first.rotation, second.rotation, atol=1e-12)
    scale = max(np.abs(second.translation).max(initial=1.0), 1.0)
    np.testing.assert_allclose(first.translation, second.translation, atol=1e-11 * scale)


@given(transforms())
@LAW
def test_transform_after_its_inverse_changes_nothing(b_from_a):
    product = b_from_a @ b_from_a.inverse()
    shape = b_from_a.translation.shape[:-1]
    identity = RigidTransform(np.broadcast_to(np.eye(3), (*shape, 3, 3)), np.zeros((*shape, 3)))
    scale = max(np.abs(b_from_a.translation).max(initial=1.0), 1.0)
    np.testing.assert_allclose(product.rotation, identity.rotation, atol=1e-12)
    np.testing.assert_allclose(product.translation, 0, atol=1e-11 * scale)
    assert_same(b_from_a.inverse().inverse(), b_from_a)


@given(st.data())
@LAW
def test_composition_is_associative(data):
    shape = data.draw(SHAPES)
    a, b, c = (data.draw(transforms(shape=shape)) for _ in range(3))
    first, second = (a @ b) @ c, a @ (b @ c)
    np.testing.assert_allclose(first.rotation, second.rotation, atol=1e-12)
    np.testing.assert_allclose(first.translation, second.translation, atol=1e-7)


@given(st.data())
@LAW
def test_applying_a_product_is_applying_one_after_the_other(data):
    shape = data.draw(SHAPES)
    a, b = (data.draw(transforms(shape=shape)) for _ in range(2))
    num_points = data.draw(st.integers(0, 5))
    xyz = np.random.default_rng(0).normal(size=(*shape, num_points, 3))
    np.testing.assert_allclose((a @ b).apply(xyz), a.apply(b.apply(xyz)), atol=1e-7)
    assert (a @ b).apply(xyz).shape == xyz.shape


@given(transforms())
@LAW
def test_matrix_and_quaternion_forms_come_back(b_from_a):
    assert_same(RigidTransform.from_matrix(b_from_a.matrix), b_from_a)
    quat_wxyz = b_from_a.quat_wxyz
    back = RigidTransform.from_quat_wxyz(quat_wxyz, b_from_a.translation)
    np.testing.assert_allclose(back.rotation, b_from_a.rotation, atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(quat_wxyz, axis=-1), 1.0, atol=1e-12)
    assert (quat_wxyz[..., 0] >= 0).all()


@given(transforms(shape=()))
@LAW
def test_center_in_source_is_the_point_that_maps_to_the_origin(b_from_a):
    moved = b_from_a.apply(b_from_a.center_in_source[None])
    scale = max(np.abs(b_from_a.translation).max(), 1.0)
    np.testing.assert_allclose(moved, 0, atol=1e-11 * scale)
    assert b_from_a.defect() is None


@given(transforms(shape=()), ANGLES)
@LAW
def test_angle_between_rotations_is_the_angle_of_the_turn(b_from_a, angle):
    turn = Rotation.from_rotvec([0.0, 0.6 * angle, 0.8 * angle]).as_matrix()
    found = rotation_angle_deg(turn @ b_from_a.rotation, b_from_a.rotation)
    np.testing.assert_allclose(found, np.degrees(angle), atol=2e-6)
    back = rotation_angle_deg(b_from_a.rotation, turn @ b_from_a.rotation)
    np.testing.assert_allclose(back, found, atol=2e-6)


@given(transforms(), st.floats(1e-12, 1e-3))
@LAW
def test_orthonormalised_repairs_small_errors(b_from_a, error):
    noise = error * np.random.default_rng(1).uniform(-1, 1, b_from_a.rotation.shape)
    repaired = RigidTransform(b_from_a.rotation + noise, b_from_a.translation).orthonormalised()
    product = repaired.rotation @ np.swapaxes(repaired.rotation, -1, -2)
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(repaired.rotation), 1.0, atol=1e-12)
    np.testing.assert_allclose(repaired.rotation, b_from_a.rotation, atol=4 * error + 1e-12)
