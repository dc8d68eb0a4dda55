import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.images.time_stamps import interpolated, nearest_in_time


def test_the_nearest_time_stamp_wins_and_far_ones_are_not_taken():
    entries = np.array([0.0, 0.03, 0.06])
    times = np.array([-0.05, -0.01, 0.014, 0.016, 0.0799, 0.0801])
    assert nearest_in_time(times, entries, max_gap_s=0.02) == [-1, 0, 0, 1, 2, -1]
    assert nearest_in_time(times[1:2], entries[:1], max_gap_s=0.02) == [0]
    assert nearest_in_time(times, np.zeros(0), max_gap_s=0.02) == [-1] * 6


def two_poses():
    angles = Rotation.from_rotvec([[0, 0, 0.2], [0, 0, 0.6]]).as_matrix()
    return RigidTransform(angles, np.array([[1.0, 0, 0], [3.0, 0, 0]]))


def test_a_pose_between_two_others_is_interpolated():
    times_ns = np.array([1403636579763555584, 1403636579768555584])
    pose = interpolated(1403636579764805584, times_ns, two_poses())  # a quarter of the way
    np.testing.assert_allclose(pose.translation, [1.5, 0, 0], atol=1e-12)
    rotvec = Rotation.from_matrix(pose.rotation).as_rotvec()
    np.testing.assert_allclose(rotvec, [0, 0, 0.3], atol=1e-12)


@pytest.mark.parametrize("time_ns", [-1, 200_000_001, 100_000_000])
def test_there_is_no_pose_outside_the_truth_or_in_a_gap(time_ns):
    times_ns = np.array([0, 200_000_000])
    assert interpolated(time_ns, times_ns, two_poses()) is None
