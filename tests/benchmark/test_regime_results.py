import json

import pytest
from benchmarks.regime_results import RegimeResults
from benchmarks.regime_tables import regimes_section
from benchmarks.rows import Row

FACTS = {"redkitchen_query_step": 5, "seeds": 1, "max_folds": 2}


def row(*errors):
    count = len(errors)
    return Row(
        map_bytes=[100],
        position_error=list(errors),
        rotation_error_deg=[1.0] * count,
        num_inliers=[50] * count,
        inlier_ratio=[0.5] * count,
        query_ms=[1.0] * count,
        num_right=[40] * count,
        right_ratio=[0.4] * count,
        seed=[0] * count,
    )


def results_of(regime, label, *errors, median=1.0):
    results = RegimeResults()
    results.add("fox", {regime: {label: row(*errors)}}, full_precision_median=median)
    return results


def test_runs_that_are_side_by_side_join(tmp_path):
    for name, label in (("a.json", "yardstick 2 kB"), ("b.json", "neumap 2 kB")):
        results_of("easy", label, 0.1).write(tmp_path / name, FACTS)
    joined = RegimeResults.read([tmp_path / "a.json", tmp_path / "b.json"])
    assert set(joined.regimes["easy"]["fox"]) == {"yardstick 2 kB", "neumap 2 kB"}


def test_the_median_of_the_set_as_it_is_stands(tmp_path):
    results = results_of("easy", "full precision", 0.1, median=0.1)
    results.add("fox", {"night 4": {"neumap 2 kB": row(0.6)}}, full_precision_median=9.0)
    assert results.full_precision_median["fox"] == pytest.approx(0.1)
    assert results.regimes["night 4"]["fox"]["neumap 2 kB"]["num_failures"] == 1


def test_the_section_has_each_row_and_each_target(tmp_path):
    results = results_of("easy", "neumap 2 kB", 0.1234, float("inf"))
    results.add("fox", {"easy": {"yardstick 2 kB": row(0.2, 0.3)}})
    results.write(tmp_path / "regimes.json", FACTS)
    section = regimes_section(json.loads((tmp_path / "regimes.json").read_text()))
    assert "| fox | neumap 2 kB | 100 | inf | inf | inf | 1 of 2 | 50 | 40 | 0.40 |" in section
    assert "| easy | 2 kB | yardstick | median error, worst set |" in section
