import json

import numpy as np
import pytest

from neumap.errors import DataError
from neumap.evaluation import predict, read_predictions, write_predictions
from neumap.evaluation.prediction import MAX_PAIRS, Prediction


def _without_pose(prediction: Prediction) -> dict:
    raw = json.loads(prediction.to_json())
    return {key: value for key, value in raw.items() if key != "cam_from_world"}


def test_written_predictions_are_read_back_equal(make_localizer, capture, names, tmp_path):
    predictions = predict(make_localizer(failing=(names[2],)), capture, names)
    write_predictions(tmp_path / "p.jsonl", predictions)
    again = read_predictions(tmp_path / "p.jsonl")
    assert [_without_pose(p) for p in again] == [_without_pose(p) for p in predictions]
    for got, expected in zip(again, predictions, strict=True):
        if expected.cam_from_world is not None:
            np.testing.assert_allclose(
                got.cam_from_world.matrix, expected.cam_from_world.matrix, atol=1e-12
            )


def test_a_failure_keeps_its_reason_and_has_no_pose(make_localizer, capture, names):
    (failed,) = predict(make_localizer(failing=names), capture, names[:1])
    assert failed.status == "failed"
    assert failed.cam_from_world is None
    assert "too few points" in failed.reason
    assert (failed.num_inliers, failed.num_correspondences) == (3, 9)


def test_a_photo_error_becomes_a_failed_query_and_the_others_go_on(make_localizer, capture, names):
    predictions = predict(make_localizer(unreadable=(names[0],)), capture, names[:3])
    assert [p.status for p in predictions] == ["failed", "ok", "ok"]
    assert "is not an image" in predictions[0].reason


def test_query_time_leaves_the_decoding_out(make_localizer, capture, names):
    (prediction,) = predict(make_localizer(), capture, names[:1])
    assert prediction.query_ms == 25.0


def test_at_most_max_pairs_inliers_are_kept_and_no_outlier(make_localizer, capture, names):
    (prediction,) = predict(make_localizer(num_pairs=1000), capture, names[:1])
    assert len(prediction.pairs.xy_img) == MAX_PAIRS
    (small,) = predict(make_localizer(num_pairs=40), capture, names[:1])
    assert len(small.pairs.xy_img) == small.num_inliers == 30


def test_rounding_moves_kept_points_by_less_than_a_ten_thousandth(make_localizer, capture, names):
    localizer = make_localizer()
    (prediction,) = predict(localizer, capture, names[:1])
    image = capture.images[0]
    result = localizer.localize(image.path)
    exact = result.correspondences.xyz_in_world[result.is_inlier]
    assert np.abs(prediction.pairs.xyz_in_world - exact).max() < 1e-4


def test_progress_counts_every_query(make_localizer, capture, names):
    seen = []
    predict(
        make_localizer(),
        capture,
        names[:3],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_names_that_are_not_in_the_set_are_all_listed(make_localizer, capture):
    with pytest.raises(DataError) as caught:
        predict(make_localizer(), capture, ["x.png", "y.png"])
    assert [fault.subject for fault in caught.value.faults] == ["x.png", "y.png"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda raw: raw.pop("status"), "status"),
        (lambda raw: raw.update(status="perhaps"), "perhaps"),
        (lambda raw: raw.update(cam_from_world=None), "pose"),
        (lambda raw: raw["cam_from_world"].update(quat_wxyz=[0, 0, 0, 0]), "quaternion"),
        (lambda raw: raw["cam_from_world"].update(quat_wxyz=[1, 0, 0]), "reshape"),
        (lambda raw: raw.update(timings_ms=3), "wrong type"),
        (lambda raw: raw["camera"].update(model="TELESCOPE"), "TELESCOPE"),
    ],
)
def test_a_faulty_line_is_refused_by_number_and_reason(
    change, word, make_localizer, capture, names, tmp_path
):
    good, bad = (p.to_json() for p in predict(make_localizer(), capture, names[:2]))
    raw = json.loads(bad)
    change(raw)
    path = tmp_path / "p.jsonl"
    path.write_text(f"{good}\n{json.dumps(raw)}\n{{cut\n")
    with pytest.raises(DataError) as caught:
        read_predictions(path)
    first, second = caught.value.faults
    assert "line 2" in first.subject
    assert word in first.reason
    assert "line 3" in second.subject


def test_a_missing_predictions_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_predictions(tmp_path / "none.jsonl")


def test_names_of_any_language_survive(tmp_path):
    write_predictions(tmp_path / "p.jsonl", [Prediction.failed("küche/鍋.jpg", "a\nb")])
    assert read_predictions(tmp_path / "p.jsonl")[0].name == "küche/鍋.jpg"
