import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.errors import DataError
from neumap.evaluation import QueryScore, summarise
from neumap.evaluation.summary import percentile


def _score(position: float, rotation_deg: float = 1.0) -> QueryScore:
    status = "failed" if math.isinf(position) else "ok"
    rotation_deg = math.inf if status == "failed" else rotation_deg
    return QueryScore(f"{position}", status, "", position, rotation_deg, 30, 60, 0.5, 40.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.sampled_from([0, 50, 75, 90, 100]))
def test_percentile_agrees_with_numpy_on_finite_values(values, percent):
    assert percentile(values, percent) == pytest.approx(np.percentile(values, percent), rel=1e-9)


@given(st.lists(st.floats(0, 10), min_size=0, max_size=9), st.integers(1, 10))
def test_percentiles_with_failures_are_infinite_or_a_bound_never_nan(values, num_failed):
    got = percentile([*values, *[math.inf] * num_failed], 50)
    assert math.isinf(got) == (num_failed >= len(values))


def test_recall_counts_failures_as_misses():
    scores = [_score(0.01), _score(0.07), _score(0.4), _score(math.inf)]
    summary = summarise(scores, units="metre", median_depth=None)
    recall = summary.to_json()["recall"]
    assert recall == {
        "0.05m_5deg": 0.25,
        "0.1m_5deg": 0.5,
        "0.1m_1deg": 0.5,
        "0.25m_2deg": 0.5,
        "0.5m_5deg": 0.75,
        "1m_5deg": 0.75,
        "5m_10deg": 0.75,
        "0.1m": 0.5,
        "0.25m": 0.5,
        "1m": 0.75,
    }
    assert (summary.num_queries, summary.num_failed) == (4, 1)


def test_recall_needs_both_position_and_rotation():
    scores = [_score(0.01, rotation_deg=4.9), _score(0.01, rotation_deg=5.1)]
    summary = summarise(scores, units="metre", median_depth=None)
    assert summary.recalls[0].share == 0.5


def test_position_thresholds_without_a_rotation_ignore_it():
    content = summarise(
        [_score(0.2, rotation_deg=90.0)], units="metre", median_depth=None
    ).to_json()
    assert content["recall"]["0.25m"] == 1.0
    assert content["recall"]["0.25m_2deg"] == 0.0
    assert content["recall_thresholds"]["0.25m"]["rotation_deg"] is None


def test_errors_are_also_stated_as_fractions_of_the_median_depth():
    scores = [_score(0.1), _score(0.3), _score(math.inf)]
    content = summarise(scores, units="unknown", median_depth=2.0).to_json()
    assert content["median_position_error_over_median_depth"] == pytest.approx(0.15)
    assert content["p90_position_error_over_median_depth"] is None
    relative = [query["position_error_over_median_depth"] for query in content["per_query"]]
    assert relative == [pytest.approx(0.05), pytest.approx(0.15), None]


def test_time_percentiles_are_over_the_queries_that_were_timed():
    scores = [replace(_score(0.1), query_ms=ms) for ms in (10.0, 20.0, None)]
    content = summarise(scores, units="metre", median_depth=None).to_json()
    assert (content["query_ms_median"], content["query_ms_p90"]) == (15.0, 19.0)


def test_sets_of_unknown_unit_use_fractions_of_the_median_depth():
    scores = [_score(0.05), _score(0.15), _score(0.3)]
    content = summarise(scores, units="unknown", median_depth=10.0).to_json()
    assert content["recall"] == {
        "0.01depth_5deg": pytest.approx(1 / 3),
        "0.02depth_5deg": pytest.approx(2 / 3),
        "0.05depth_5deg": 1.0,
    }
    assert content["recall_thresholds"]["0.02depth_5deg"] == {
        "position": 0.2,
        "fraction_of_median_depth": 0.02,
        "rotation_deg": 5.0,
    }


def test_an_unknown_depth_reaches_no_relative_threshold():
    content = summarise([_score(math.inf)], units="unknown", median_depth=None).to_json()
    assert set(content["recall"].values()) == {0.0}


def test_json_is_valid_and_infinite_errors_are_null():
    scores = [_score(0.1), _score(math.inf), _score(math.inf)]
    content = summarise(
        scores, units="metre", median_depth=2.0, map_bytes=28_000, mapping_seconds=12.5
    ).to_json()
    again = json.loads(json.dumps(content, allow_nan=False))
    assert again["median_position_error"] is None
    assert again["median_rotation_error_deg"] is None
    assert [q["position_error"] for q in again["per_query"]] == [0.1, None, None]
    assert "null" in again["notes"]
    wanted = {
        *("median_position_error", "median_rotation_error_deg", "recall", "num_queries"),
        *("num_failed", "inlier_ratio", "map_bytes", "query_ms_median", "mapping_seconds"),
        "per_query",
    }
    assert wanted <= set(again)


def test_every_key_of_the_figures_stands_in_the_documentation():
    page = (Path(__file__).parents[3] / "docs/evaluation.md").read_text(encoding="utf-8")
    for key in summarise([_score(0.1)], units="metre", median_depth=None).to_json():
        assert f"`{key.removesuffix('_over_median_depth')}`" in page


def test_no_scores_are_refused():
    with pytest.raises(DataError, match="no query"):
        summarise((), units="metre", median_depth=None)
