import math

import pytest

from neumap.errors import DataError
from neumap.evaluation import predict, score
from neumap.evaluation.score import median_scene_depth


def test_every_query_is_scored_once_in_the_given_order(make_localizer, capture, names, true_poses):
    predictions = predict(make_localizer(offset={names[1]: 0.25}), capture, names)
    scores = score(tuple(reversed(predictions)), true_poses)
    assert tuple(query.name for query in scores) == names
    assert scores[1].position_error == pytest.approx(0.25)
    assert scores[0].position_error == pytest.approx(0)
    assert scores[1].rotation_error_deg == pytest.approx(0, abs=1e-5)


def test_a_failed_query_has_infinite_errors(make_localizer, capture, names, true_poses):
    (query, *_) = score(predict(make_localizer(failing=names[:1]), capture, names), true_poses)
    assert math.isinf(query.position_error)
    assert math.isinf(query.rotation_error_deg)


def test_missing_repeated_and_unlisted_queries_are_all_named(
    make_localizer, capture, names, true_poses
):
    predictions = predict(make_localizer(), capture, names)
    listed = {name: true_poses[name] for name in names[1:]}
    with pytest.raises(DataError) as caught:
        score([predictions[0], *predictions[2:], predictions[4]], listed)
    assert {(f.subject, f.reason) for f in caught.value.faults} == {
        (names[1], "has no prediction"),
        (names[4], "is predicted 2 times"),
        (names[0], "is predicted but is not a listed query"),
    }


def test_a_query_without_a_true_pose_cannot_be_scored(make_localizer, capture, names):
    with pytest.raises(DataError, match="no true pose"):
        score(predict(make_localizer(), capture, names[:1]), {names[0]: None})


def test_no_query_at_all_is_refused():
    with pytest.raises(DataError, match="lists no query"):
        score((), {})


def test_median_depth_is_that_of_the_points_before_the_true_cameras(
    make_localizer, capture, names, true_poses
):
    depth = median_scene_depth(predict(make_localizer(), capture, names), true_poses)
    assert depth == pytest.approx(4, abs=0.3)  # the fake's points lie 3 to 5 m away
    failed = predict(make_localizer(failing=names), capture, names)
    assert median_scene_depth(failed, true_poses) is None
