import json
import math

import numpy as np
import pytest

from neumap.errors import DataError
from neumap.evaluation import QueryScore, summarise
from neumap.evaluation.bootstrap import Resampling
from neumap.evaluation.comparison import compare
from neumap.evaluation.paired_runs import pair_runs

FEW = Resampling(num_resamples=200)


def _summary(errors, *, scene="room", units="metre", median_depth=None, first=0):
    scores = [
        QueryScore(
            name=f"{first + idx}.png",
            status="failed" if math.isinf(error) else "ok",
            reason="",
            position_error=error,
            rotation_error_deg=math.inf if math.isinf(error) else 10 * error,
            num_inliers=30,
            num_correspondences=60,
            inlier_ratio=0.5,
            query_ms=None,
        )
        for idx, error in enumerate(errors)
    ]
    return summarise(scores, scene=scene, units=units, median_depth=median_depth)


def _figures(comparison):
    return {figure.name: figure for figure in comparison.figures}


def test_figures_of_each_side_are_those_of_its_evaluation():
    rng = np.random.default_rng(0)
    a, b = (_summary([*rng.gamma(2, 0.05, 30), math.inf]) for _ in range(2))
    comparison = compare(pair_runs([a], [b]), FEW)
    figures = _figures(comparison)
    for side, summary in (("a", a), ("b", b)):
        content = summary.to_json()
        stated = {name: getattr(figure, side) for name, figure in figures.items()}
        assert stated["median_position_error"] == pytest.approx(content["median_position_error"])
        assert stated["p75_rotation_error_deg"] == pytest.approx(content["p75_rotation_error_deg"])
        for label, share in content["recall"].items():
            assert stated[f"recall_{label}"] == pytest.approx(share)
        for label, area in content["auc"].items():
            assert stated[f"auc_{label}"] == pytest.approx(area)
    assert comparison.num_failed == (1, 1)


def test_queries_are_paired_by_name_whatever_their_order():
    errors = [0.01, 0.5, 0.2, 0.04]
    a = _summary(errors)
    b = summarise(tuple(reversed(a.scores)), scene="room", units="metre", median_depth=None)
    comparison = compare(pair_runs([a], [b]), FEW)
    assert comparison.num_better == (0, 0)
    for figure in comparison.figures:
        assert figure.difference.low == figure.difference.high == 0


def test_unmatched_queries_of_both_sides_are_all_named():
    with pytest.raises(DataError) as caught:
        pair_runs([_summary([0.1, 0.1, 0.1])], [_summary([0.1, 0.1, 0.1], first=2)])
    assert [(fault.subject, fault.reason) for fault in caught.value.faults] == [
        ("room: 0.png", "is a query of side A only"),
        ("room: 1.png", "is a query of side A only"),
        ("room: 3.png", "is a query of side B only"),
        ("room: 4.png", "is a query of side B only"),
    ]


def test_the_same_name_in_another_scene_is_another_query():
    with pytest.raises(DataError, match="kitchen: 0"):
        pair_runs([_summary([0.1])], [_summary([0.1], scene="kitchen")])


def test_seeds_and_folds_of_a_side_are_told_apart_by_their_names():
    seeds = pair_runs([_summary([0.1, 0.2]), _summary([0.3, 0.4])], [_summary([0.1, 0.1])])
    np.testing.assert_array_equal(seeds.position.a, [[0.1, 0.2], [0.3, 0.4]])
    folds = pair_runs([_summary([0.1]), _summary([0.3], first=1)], [_summary([0.1, 0.1])])
    np.testing.assert_array_equal(folds.position.a, [[0.1, 0.3]])


def test_a_query_that_a_seed_lacks_is_named():
    with pytest.raises(DataError, match=r"1\.png: stands in 1 files of side A, others in 2"):
        pair_runs([_summary([0.1, 0.2]), _summary([0.3])], [_summary([0.1, 0.1])])


def test_errors_of_unknown_unit_become_fractions_of_the_depth_that_a_states():
    a = _summary([0.2, 0.4], units="unknown", median_depth=4.0)
    b = _summary([0.1, 0.1], units="unknown", median_depth=5.0)
    runs = pair_runs([a], [b])
    assert runs.position_unit == "median depth of the scene"
    np.testing.assert_allclose(runs.position.a, [[0.05, 0.1]])
    np.testing.assert_allclose(runs.position.b, [[0.025, 0.025]])
    assert "recall_0.05depth_5deg" in _figures(compare(runs, FEW))


def test_sides_of_different_units_are_refused():
    with pytest.raises(DataError, match="unit is not the same"):
        pair_runs([_summary([0.1])], [_summary([0.1], units="unknown", median_depth=1.0)])


def test_failures_are_misses_and_never_dropped():
    good, bad = [0.01] * 20, [0.01] * 8 + [math.inf] * 12
    comparison = compare(pair_runs([_summary(good)], [_summary(bad)]), FEW)
    figures = _figures(comparison)
    assert comparison.num_failed == (0, 12)
    assert comparison.num_fails_more == (0, 12)
    assert comparison.num_better == (12, 0)
    assert figures["failed_share"].difference.value == pytest.approx(0.6)
    assert figures["recall_5m_10deg"].difference.value == pytest.approx(-0.6)
    assert figures["recall_5m_10deg"].difference.high < 0
    assert math.isinf(figures["median_position_error"].difference.value)


def test_json_has_words_for_the_numbers_that_json_lacks():
    a, b = _summary([math.inf] * 4), _summary([0.1] * 4)
    content = compare(pair_runs([a], [b]), FEW).to_json()
    again = json.loads(json.dumps(content, allow_nan=False))
    median = again["figures"]["median_position_error"]
    assert median["a"] == "inf"
    assert median["difference"] == {"value": "-inf", "low": "-inf", "high": "-inf"}
    assert median["ratio"]["value"] == 0
    both = compare(pair_runs([a], [a]), FEW).to_json()["figures"]["median_position_error"]
    assert both["difference"] == {"value": "undefined", "low": "-inf", "high": "inf"}
