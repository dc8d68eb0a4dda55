import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.evaluation.bootstrap import PairedValues, Resampling, bootstrap, figure_of_rows
from neumap.evaluation.summary import percentile

INF = math.inf


def _one_run(a, b) -> PairedValues:
    return PairedValues(np.array([a], dtype=np.float64), np.array([b], dtype=np.float64))


@given(
    st.lists(st.floats(0, 1e3) | st.just(INF), min_size=1, max_size=12),
    st.sampled_from([0, 50, 75, 90, 100]),
)
def test_percentiles_of_rows_are_those_of_the_figures(values, percent):
    (got,) = figure_of_rows(np.array([values]), percent)
    assert got == pytest.approx(percentile(values, percent), rel=1e-12)


@pytest.mark.parametrize("percent", [None, 50])
def test_the_interval_covers_a_known_difference_about_as_often_as_it_says(percent):
    rng = np.random.default_rng(4)
    covered = 0
    for trial in range(150):
        shared = rng.normal(0, 1.0, 80)
        values = _one_run(shared + rng.normal(0, 0.5, 80), shared + rng.normal(0.5, 0.5, 80))
        interval, _ = bootstrap(values, percent, Resampling(num_resamples=300, seed=trial))
        covered += interval.low <= 0.5 <= interval.high
    assert 0.88 * 150 <= covered <= 150


def test_pairing_makes_the_interval_of_the_same_shift_exact():
    a = np.random.default_rng(0).gamma(2.0, 1.0, 60)
    difference, ratio = bootstrap(_one_run(a, 2 * a), 75, Resampling(num_resamples=200))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2, 2, 2))
    assert difference.low > 0
    assert difference.is_decided


def test_the_runs_of_a_side_are_resampled_too():
    rng = np.random.default_rng(1)
    queries = rng.gamma(2.0, 1.0, 50)
    apart = PairedValues(queries * np.array([[0.5], [1.5]]), np.stack([queries, queries]))
    alike = PairedValues(np.stack([queries, queries]), np.stack([queries, queries]))
    wide, _ = bootstrap(apart, None, Resampling())
    narrow, _ = bootstrap(alike, None, Resampling())
    assert narrow.low == narrow.high == 0
    assert wide.low < -0.3
    assert wide.high > 0.3


def test_the_same_seed_draws_the_same_and_swapped_sides_mirror_the_difference():
    rng = np.random.default_rng(2)
    a, b = rng.gamma(2.0, 1.0, (2, 40))
    there, _ = bootstrap(_one_run(a, b), 50, Resampling(seed=3))
    again, _ = bootstrap(_one_run(a, b), 50, Resampling(seed=3))
    back, _ = bootstrap(_one_run(b, a), 50, Resampling(seed=3))
    assert there == again
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_failures_of_one_side_make_its_figure_infinite_not_absent():
    a, b = [1.0] * 10, [1.0] * 2 + [INF] * 8
    difference, ratio = bootstrap(_one_run(a, b), 50, Resampling())
    assert difference.value == ratio.value == INF
    assert (difference.low, difference.high) == (0, INF) or difference.low == INF
    back, inverse = bootstrap(_one_run(b, a), 50, Resampling())
    assert back.value == -INF
    assert inverse.value == 0


def test_an_undefined_difference_has_the_whole_range_as_its_interval():
    failed = [INF] * 10
    difference, ratio = bootstrap(_one_run(failed, failed), 50, Resampling(num_resamples=200))
    assert math.isnan(difference.value)
    assert math.isnan(ratio.value)
    assert (difference.low, difference.high) == (-INF, INF)
    assert (ratio.low, ratio.high) == (0, INF)
    assert not difference.is_decided


def test_failures_on_the_edge_of_the_percentile_open_the_interval():
    # 5 of 12 failed on both sides: the median is finite, that of many resamples is not
    values = np.r_[np.linspace(1, 2, 7), [INF] * 5]
    difference, _ = bootstrap(_one_run(values, values + 0.1), 50, Resampling())
    assert difference.value == pytest.approx(0.1)
    assert (difference.low, difference.high) == (-INF, INF)


def test_many_values_are_drawn_in_chunks_without_a_change(monkeypatch):
    rng = np.random.default_rng(5)
    values = PairedValues(rng.gamma(2.0, 1.0, (2, 30)), rng.gamma(2.0, 1.0, (3, 30)))
    whole, _ = bootstrap(values, 50, Resampling(num_resamples=400))
    monkeypatch.setattr("neumap.evaluation.bootstrap._CHUNK_CELLS", 90 * 50)
    parts, _ = bootstrap(values, 50, Resampling(num_resamples=400))
    assert parts.value == whole.value
    assert parts.low == pytest.approx(whole.low, abs=0.2)
