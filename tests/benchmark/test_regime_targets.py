import numpy as np
import pytest
from benchmarks.regime_targets import target_lines


def row(median=0.1, p75=0.2, failures=0, first=0.5, num_bytes=4000):
    return {
        "map_bytes": num_bytes,
        "num_queries": 10,
        "num_failures": failures,
        "median_position_error": median,
        "p75_position_error": p75,
        "first_ratio_mean": first,
    }


def lines_of(regime, **sets):
    """Lines for sets given as (neumap's row, the yardstick's row), by figure."""
    regimes = {
        regime: {
            name: {"neumap 4.2 kB": own, "yardstick 4.2 kB": base}
            for name, (own, base) in sets.items()
        }
    }
    return {line["figure"]: line for line in target_lines(regimes)}


def test_ratios_are_geometric_means_over_sets():
    lines = lines_of(
        "easy", a=(row(median=0.05), row(median=0.1)), b=(row(median=0.2), row(median=0.1))
    )
    assert lines["median error, geometric mean"]["value"] == pytest.approx(1.0)
    assert lines["median error, geometric mean"]["is_met"] is False
    assert lines["median error, worst set"]["value"] == pytest.approx(2.0)
    assert lines["median error, worst set"]["remark"] == "b"


def test_a_set_that_neumap_alone_loses_breaks_the_bound():
    lines = lines_of("wide gap", a=(row(p75=0.01), row()), b=(row(p75=None), row()))
    line = lines["p75 error, geometric mean"]
    assert line["value"] == pytest.approx(0.05)
    assert line["is_met"] is False
    assert line["remark"] == "over 1 of 2 sets; only the yardstick's is finite: b"


def test_a_lost_median_is_the_worst_set():
    line = lines_of("easy", a=(row(median=None), row()), b=(row(), row()))
    assert line["median error, worst set"]["remark"] == "a"
    assert line["median error, worst set"]["is_met"] is False


@pytest.mark.parametrize(("own", "is_met"), [(2, True), (3, False)])
def test_failure_rates_are_compared_as_means_over_sets(own, is_met):
    lines = lines_of(
        "night 4", a=(row(failures=own), row(failures=4)), b=(row(failures=0), row(failures=0))
    )
    assert lines["failure rate"]["value"] == own / 4
    assert lines["failure rate"]["is_met"] is is_met


def test_figures_of_several_seeds_stand_beside_the_pooled_ones():
    own = row(median=0.06, failures=3) | {
        "num_queries": 30,
        "by_seed": [
            {"median_position_error": m, "p75_position_error": 0.1, "num_failures": f}
            for m, f in ((0.05, 0), (0.06, 1), (0.08, 2))
        ],
    }
    base = row(median=0.1, failures=4)
    easy = lines_of("easy", a=(own, base))["median error, geometric mean"]
    assert easy["value"] == pytest.approx(0.6)
    assert easy["remark"] == "over 1 of 1 sets; by seed 0.5, 0.6, 0.8"
    night = lines_of("night 4", a=(own, base))["failure rate"]
    assert night["value"] == pytest.approx(0.25)
    assert night["remark"] == "10.0% against 40.0%; by seed 0, 0.25, 0.5"


def test_no_verdict_at_night_where_the_yardstick_rarely_fails():
    line = lines_of("night 1", a=(row(failures=1), row(failures=1)))["failure rate"]
    assert line["value"] is None
    assert line["is_met"] is None


def test_failures_where_the_yardstick_has_none_are_a_miss():
    line = lines_of("merged", a=(row(failures=1), row(failures=0)))["failure rate"]
    assert line["is_met"] is False


def test_the_merged_world_asks_for_three_times_the_right_share():
    lines = lines_of("merged", a=(row(first=0.61), row(first=0.2)))
    assert lines["right share of first matches"]["is_met"] is True


def test_bytes_are_those_of_the_smallest_map_that_is_as_good_as_full_precision():
    rows = {
        "full precision": row(median=0.1),
        "neumap 2 kB": row(median=0.2, num_bytes=1990),
        "neumap 4.2 kB": row(median=0.11, num_bytes=4190),
        "neumap 14 kB": row(median=0.1, num_bytes=13_990),
    }
    (line,) = [
        line
        for line in target_lines({"easy": {"fox": rows}})
        if line["figure"] == "bytes for the full-precision median"
    ]
    assert line["value"] == 4190
    assert line["is_met"] is True
    assert np.isfinite(line["bound"])


def test_each_bound_is_asked_against_both_yardsticks():
    rows = {
        "neumap 2 kB": row(median=0.1),
        "yardstick 2 kB": row(median=0.2),
        "yardstick on blobs 2 kB": row(median=0.08),
    }
    values = {
        line["against"]: line["value"]
        for line in target_lines({"easy": {"fox": rows}})
        if line["figure"] == "median error, geometric mean"
    }
    assert values == {"yardstick": 0.5, "yardstick on blobs": 1.25}
