import json
import math

import pytest

from neumap.codes.forecast import ExpectedErrors, Forecast, expected_errors


def row(map_bytes, median, p75=math.inf):
    return ExpectedErrors(map_bytes=map_bytes, median=median, p75=p75, num_failed=0)


FORECAST = Forecast(
    num_photos=12,
    sizes=(row(1_000, 0.08), row(2_000, 0.04, 0.09), row(4_000, 0.01, 0.02)),
    all_points=row(90_000, 0.009, 0.012),
)


def test_sizes_that_were_tried_have_their_errors():
    for tried in FORECAST.sizes:
        assert FORECAST.at(tried.map_bytes) == pytest.approx((tried.median, tried.p75))


def test_between_two_sizes_errors_fall_evenly_in_logarithms():
    median, p75 = FORECAST.at(math.isqrt(2_000 * 4_000))
    assert median == pytest.approx(0.02, rel=1e-2)
    assert 0.02 < p75 < 0.09


def test_nothing_is_said_below_the_smallest_size_and_the_largest_holds_beyond():
    assert FORECAST.at(999) is None
    assert FORECAST.at(50_000) == pytest.approx((0.01, 0.02))


def test_a_photo_without_a_pose_is_not_smoothed_away():
    assert FORECAST.at(1_900)[1] == math.inf


def test_it_comes_back_from_json():
    assert Forecast.from_json(json.loads(json.dumps(FORECAST.to_json()))) == FORECAST


def test_failures_count_as_infinite_errors():
    found = expected_errors(1_000, [0.1, 0.2, 0.3, math.inf])
    assert (found.p75, found.num_failed) == (math.inf, 1)
    assert found.median == pytest.approx(0.3)
