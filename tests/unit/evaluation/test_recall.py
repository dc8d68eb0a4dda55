import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.evaluation import QueryScore, summarise
from neumap.evaluation.recall import METRE_THRESHOLDS, curve_area, recall_label

ERRORS = st.lists(st.floats(0, 10) | st.just(math.inf), min_size=1, max_size=20)


@given(ERRORS, st.floats(0.01, 5))
def test_the_area_is_the_integral_of_the_share_of_errors_below(errors, limit):
    grid = (np.arange(20_000) + 0.5) * limit / 20_000
    shares = (np.array(errors)[:, None] <= grid).mean(axis=0)
    # a step that falls inside a cell moves the sum by at most one cell
    assert curve_area(errors, limit) == pytest.approx(shares.mean(), abs=1e-4)


@given(ERRORS, st.floats(0.01, 5))
def test_a_failed_query_only_lowers_the_area(errors, limit):
    area = curve_area(errors, limit)
    with_failure = curve_area([*errors, math.inf], limit)
    assert with_failure == pytest.approx(area * len(errors) / (len(errors) + 1))
    assert 0 <= with_failure <= area <= 1


def test_areas_without_errors_or_limit_are_refused():
    for errors, limit in (([], 1.0), ([0.1], 0.0), ([0.1], math.inf)):
        with pytest.raises(ValueError, match="expected some"):
            curve_area(errors, limit)


def test_the_thresholds_of_the_literature_are_all_there():
    labels = {recall_label(metres, deg) for metres, deg in METRE_THRESHOLDS}
    assert {"0.05m_5deg", "0.1m_5deg"} <= labels
    assert {"0.25m_2deg", "0.5m_5deg", "5m_10deg"} <= labels  # visuallocalization.net
    assert {"0.1m_1deg", "0.25m_2deg", "1m_5deg"} <= labels  # NAVER LABS
    assert {"0.1m", "0.25m", "1m"} <= labels
    assert len(labels) == len(METRE_THRESHOLDS)


def test_areas_state_their_thresholds_in_the_unit_of_the_scene():
    query = QueryScore("a", "ok", "", 0.5, 1.0, 30, 60, 0.5, 40.0)
    metric = summarise([query], units="metre", median_depth=10.0).to_json()
    assert metric["auc"]["1m"] == pytest.approx(0.5)
    assert metric["auc_thresholds"]["1m"]["position"] == 1.0
    relative = summarise([query], units="unknown", median_depth=20.0).to_json()
    assert relative["auc"]["0.05depth"] == pytest.approx(0.5)
    assert relative["auc_thresholds"]["0.05depth"] == {
        "position": 1.0,
        "fraction_of_median_depth": 0.05,
    }
