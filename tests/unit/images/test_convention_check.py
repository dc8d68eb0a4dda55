from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.errors import PoseError
from neumap.geometry import RigidTransform
from neumap.images import MatchedPair, check_convention

FLIP = RigidTransform(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
FOCAL_PX = 500.0


def _turned_back(pose):
    """The rotation the other way round, about the same camera centre."""
    return RigidTransform(pose.rotation.T, -pose.rotation.T @ pose.center_in_source)


WRONG = {
    "world-to-camera": lambda pose: pose.inverse(),
    "OpenGL": lambda pose: FLIP @ pose,
    "inverted": lambda pose: (FLIP @ pose).inverse(),
    "beside camera centres": _turned_back,
}
"""Word of the message, and how a file in that convention is misread."""


def _pairs(*, noise_px: float = 0.5, tilt: float = 0.3, seed: int = 0) -> list[MatchedPair]:
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(4):
        points = rng.uniform([-3, -2, 4], [3, 2, 9], (60, 3))
        poses = [
            RigidTransform(
                Rotation.from_rotvec(rng.normal(0, tilt, 3)).as_matrix(), rng.normal(0, 0.4, 3)
            )
            for _ in range(2)
        ]
        seen = []
        for pose in poses:
            xyz = pose.apply(points)
            seen.append(xyz[:, :2] / xyz[:, 2:] + rng.normal(0, noise_px / FOCAL_PX, (60, 2)))
        pairs.append(MatchedPair(poses[0], poses[1], seen[0], seen[1], FOCAL_PX))
    return pairs


def _misread(pairs, change):
    return [
        replace(
            pair,
            cam_a_from_world=change(pair.cam_a_from_world),
            cam_b_from_world=change(pair.cam_b_from_world),
        )
        for pair in pairs
    ]


def test_right_poses_pass_and_fit_best():
    report = check_convention(_pairs(), subject="set")
    assert report.best.convention == "as given"
    assert report.best.residual_px < 1.0
    assert report.best.in_front > 0.95
    assert len(report.fits) == 5


def test_exact_matches_have_no_residual():
    report = check_convention(_pairs(noise_px=0.0), subject="set")
    assert report.best.residual_px < 1e-9


@pytest.mark.parametrize("word", WRONG)
def test_the_convention_that_would_fit_is_named(word):
    with pytest.raises(PoseError, match=word) as caught:
        check_convention(_misread(_pairs(), WRONG[word]), subject="my set")
    assert caught.value.faults[0].subject == "my set"


def test_inverted_poses_of_cameras_that_only_move_are_told_by_depth_signs():
    """Without rotation the epipolar lines of inverse poses are the same: only depth tells."""
    pairs = _misread(_pairs(tilt=1e-9), WRONG["world-to-camera"])
    with pytest.raises(PoseError, match="world-to-camera"):
        check_convention(pairs, subject="set")


def test_half_wrong_matches_do_not_accuse_right_poses():
    pairs = _pairs()
    rng = np.random.default_rng(1)
    noisy = [
        replace(pair, xy_cam_b=np.vstack([pair.xy_cam_b[:32], rng.uniform(-1, 1, (28, 2))]))
        for pair in pairs
    ]
    assert check_convention(noisy, subject="set").best.convention == "as given"


def test_noise_without_any_fit_is_not_a_convention_error():
    rng = np.random.default_rng(2)
    pairs = [replace(pair, xy_cam_b=rng.uniform(-1, 1, (60, 2))) for pair in _pairs()]
    report = check_convention(pairs, subject="set")
    assert report.best.residual_px > 4.0


def test_no_pairs_and_no_baseline_decide_nothing():
    assert np.isnan(check_convention([], subject="set").best.residual_px)
    pair = _pairs()[0]
    still = replace(pair, cam_b_from_world=pair.cam_a_from_world)
    assert np.isnan(check_convention([still], subject="set").fit_of("as given").residual_px)
