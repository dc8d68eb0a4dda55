import json
import math

import pytest

from neumap.errors import DataError
from neumap.evaluation import QueryScore, predict, score, summarise
from neumap.evaluation.figures_file import read_figures, write_figures
from neumap.evaluation.trajectory_error import trajectory_error


@pytest.fixture
def summary(make_localizer, capture, names, true_poses):
    predictions = predict(make_localizer(failing=names[:2]), capture, names)
    return summarise(
        score(predictions, true_poses),
        scene="room",
        units="metre",
        median_depth=4.0,
        trajectory=trajectory_error(predictions, true_poses, units="metre"),
        map_bytes=28_000,
        mapping_seconds=3.5,
    )


def test_written_figures_are_read_back_equal(summary, tmp_path):
    write_figures(tmp_path / "out.json", summary)
    assert read_figures(tmp_path / "out.json") == summary


def test_failures_stay_infinite(tmp_path):
    failed = QueryScore("a", "failed", "dark", math.inf, math.inf, 0, 9, 0.0, None)
    write_figures(tmp_path / "out.json", summarise([failed], units="unknown", median_depth=None))
    again = read_figures(tmp_path / "out.json")
    assert math.isinf(again.scores[0].position_error)
    assert again.num_failed == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.pop("per_query"), "per_query"),
        (lambda raw: raw.update(num_queries=9), "num_queries is 9 but 10"),
        (lambda raw: raw.update(num_failed=0), "num_failed is 0 but 2"),
        (lambda raw: raw["per_query"][1].update(position_error=-1.0), "per_query.1.position_error"),
        (lambda raw: raw["per_query"][0].update(status="ok"), "errors say otherwise"),
        (lambda raw: raw["per_query"].append(raw["per_query"][0]), "stands 2 times"),
        (lambda raw: raw.update(position_unit="mile"), "position_unit"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change, words, summary, tmp_path):
    path = tmp_path / "out.json"
    raw = summary.to_json()
    change(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(DataError) as caught:
        read_figures(path)
    assert words in str(caught.value)


def test_files_that_are_absent_or_no_json_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_figures(tmp_path / "none.json")
    (tmp_path / "cut.json").write_text('{"per_query": [')
    with pytest.raises(DataError, match="cut"):
        read_figures(tmp_path / "cut.json")
