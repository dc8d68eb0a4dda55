import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from neumap.evaluation import position_error, rotation_error_deg
from neumap.geometry import RigidTransform


def _transform(seed: int) -> RigidTransform:
    rng = np.random.default_rng(seed)
    return RigidTransform(Rotation.random(rng=rng).as_matrix(), rng.normal(size=3))


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_errors_are_symmetric_and_zero_only_for_the_same_pose(seed_a, seed_b):
    a, b = _transform(seed_a), _transform(seed_b)
    assert position_error(a, b) == pytest.approx(position_error(b, a), abs=1e-12)
    assert rotation_error_deg(a, b) == pytest.approx(rotation_error_deg(b, a), abs=1e-9)
    assert position_error(a, a) == 0
    assert rotation_error_deg(a, a) < 1e-6  # rounding of R R^T


@given(st.integers(0, 1000), st.floats(0.01, 179.9))
def test_a_turn_on_the_spot_changes_only_the_rotation(seed, angle_deg):
    true = _transform(seed)
    turn = Rotation.from_rotvec([0, angle_deg, 0], degrees=True).as_matrix()
    turned = RigidTransform(turn, np.zeros(3)) @ true
    assert position_error(turned, true) < 1e-9
    assert rotation_error_deg(turned, true) == pytest.approx(angle_deg, abs=1e-6)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_position_error_is_the_distance_of_the_centres_in_any_world_frame(seed, frame_seed):
    true, estimated = _transform(seed), _transform(seed + 1)
    world_from_other = _transform(frame_seed)
    moved = position_error(estimated @ world_from_other, true @ world_from_other)
    assert moved == pytest.approx(position_error(estimated, true), abs=1e-9)
