from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.evaluation import predict
from neumap.evaluation.trajectory_error import trajectory_error
from neumap.geometry import RigidTransform


def _moved(predictions, scale, world_from_other):
    """The same trajectory in a frame of another scale, place and orientation."""
    other_from_world = world_from_other.inverse()
    moved = []
    for prediction in predictions:
        pose = prediction.cam_from_world
        scaled = RigidTransform(pose.rotation, scale * pose.translation)
        moved.append(replace(prediction, cam_from_world=scaled @ other_from_world))
    return moved


def _bent_truth(true_poses):
    """True poses off the straight line of the made capture, so that a similarity is determined."""
    return {
        name: RigidTransform(pose.rotation, pose.translation + np.array([0, 0.1 * (i % 3), 0]))
        for i, (name, pose) in enumerate(true_poses.items())
    }


def test_metric_trajectories_are_compared_without_alignment(
    make_localizer, capture, names, true_poses
):
    localizer = make_localizer(offset={name: 0.3 for name in names})
    error = trajectory_error(predict(localizer, capture, names), true_poses, units="metre")
    assert error.alignment == "none"
    assert error.scale is None
    assert error.rmse == pytest.approx(0.3)
    assert error.rmse_unaligned == error.rmse


def test_the_error_is_the_root_of_the_mean_square(make_localizer, capture, names, true_poses):
    localizer = make_localizer(offset={names[0]: 3.0, names[1]: 4.0})
    error = trajectory_error(predict(localizer, capture, names), true_poses, units="metre")
    assert error.rmse == pytest.approx(np.sqrt(25 / 10))


def test_a_trajectory_of_unknown_scale_is_aligned_and_the_result_says_so(
    make_localizer, capture, names, true_poses
):
    truth = _bent_truth(true_poses)
    predictions = [
        replace(prediction, cam_from_world=truth[prediction.name])
        for prediction in predict(make_localizer(), capture, names)
    ]
    frame = RigidTransform(
        Rotation.from_rotvec([0.3, 1.0, -0.2]).as_matrix(), np.array([5.0, 1, 2])
    )
    error = trajectory_error(_moved(predictions, 2.5, frame), truth, units="unknown")
    assert error.alignment == "similarity"
    assert error.scale == pytest.approx(1 / 2.5)
    assert error.rmse == pytest.approx(0, abs=1e-9)
    assert error.rmse_unaligned > 1
    content = error.to_json(median_depth=4.0)
    assert content["alignment"] == "similarity"
    assert content["alignment_scale"] == pytest.approx(1 / 2.5)


def test_failed_queries_are_counted_beside_the_error(make_localizer, capture, names, true_poses):
    localizer = make_localizer(failing=names[:4])
    error = trajectory_error(predict(localizer, capture, names), true_poses, units="metre")
    assert (error.num_poses, error.num_queries) == (6, 10)
    none = trajectory_error(
        predict(make_localizer(failing=names), capture, names), true_poses, units="unknown"
    )
    assert none.rmse is None
    assert none.to_json(median_depth=4.0)["rmse_over_median_depth"] is None


def test_fewer_than_three_places_are_not_aligned(make_localizer, capture, names, true_poses):
    predictions = predict(make_localizer(failing=names[2:]), capture, names)
    error = trajectory_error(predictions, true_poses, units="unknown")
    assert error.alignment == "none"
    assert error.rmse == error.rmse_unaligned
