"""Photos and poses that belong together by their time stamps."""

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial.transform import Rotation, Slerp

from neumap.geometry import RigidTransform

MAX_GAP_NS = 100_000_000
"""Longest gap of a trajectory that is interpolated; ground truth mostly has a pose each 5 ms."""


def nearest_in_time(
    times_s: Float64[np.ndarray, " query"],
    sorted_times_s: Float64[np.ndarray, " entry"],
    *,
    max_gap_s: float,
) -> list[int]:
    """Return for each time the index of the nearest entry, -1 where that is max_gap_s away."""
    if len(sorted_times_s) == 0:
        return [-1] * len(times_s)
    right = np.searchsorted(sorted_times_s, times_s).clip(1, max(len(sorted_times_s) - 1, 1))
    right = right.clip(0, len(sorted_times_s) - 1)
    left = (right - 1).clip(0)
    is_left = np.abs(times_s - sorted_times_s[left]) <= np.abs(times_s - sorted_times_s[right])
    nearest = np.where(is_left, left, right)
    nearest[np.abs(times_s - sorted_times_s[nearest]) >= max_gap_s] = -1
    return [int(index) for index in nearest]


def interpolated(
    time_ns: int, truth_ns: Int64[np.ndarray, " pose"], poses: RigidTransform
) -> RigidTransform | None:
    """Return the pose at a time: linear in position, spherical in rotation.

    None outside the times or in a gap of more than MAX_GAP_NS. Times are sorted.
    """
    after = int(np.searchsorted(truth_ns, time_ns))
    if after < len(truth_ns) and truth_ns[after] == time_ns:
        return RigidTransform(poses.rotation[after], poses.translation[after])
    if after in (0, len(truth_ns)) or truth_ns[after] - truth_ns[after - 1] > MAX_GAP_NS:
        return None
    pair = slice(after - 1, after + 1)
    start_ns, end_ns = (int(value) for value in truth_ns[pair])
    share = (time_ns - start_ns) / (end_ns - start_ns)  # whole numbers: float64 has 2^53 only
    rotation = Slerp([0.0, 1.0], Rotation.from_matrix(poses.rotation[pair]))(share).as_matrix()
    start, end = poses.translation[pair]
    return RigidTransform(rotation, (1 - share) * start + share * end)
