import math
from dataclasses import replace

import numpy as np
import pytest

from benchmark_rows import made_row
from neumap.evaluation.behind_words import behind_sentences
from neumap.evaluation.benchmark_table import in_table_order, recall_heads, table_rows
from neumap.evaluation.equal_bytes import FAILED, POSITION, contests, main_recall, where_behind


def _marked(rows, column):
    return [row.method for row in table_rows(rows) if row.cells[column].is_best]


def test_maps_compete_with_maps_of_the_same_scene_and_budget_and_with_smaller_ones_without_one():
    rows = [
        made_row("neumap", 2000, [0.1]),
        made_row("yardstick", 2000, [0.2]),
        made_row("neumap", 4000, [0.1]),
        made_row("tiny", None, [0.3], map_bytes=3000),
        made_row("full", None, [0.01], map_bytes=1_000_000),
        made_row("yardstick", 2000, [0.2], scene="other"),
    ]
    found = {(c.scene, c.budget_bytes): [row.method for row in c.rows] for c in contests(rows)}
    assert found == {
        ("hall", 2000): ["neumap", "yardstick"],
        ("hall", 4000): ["neumap", "tiny"],
    }


def test_a_map_larger_than_its_budget_does_not_take_part():
    rows = [
        made_row("neumap", 2000, [0.1]),
        made_row("wide", 2000, [0.01], map_bytes=2001),
        made_row("yardstick", 2000, [0.2]),
    ]
    (held,) = contests(rows)
    assert [row.method for row in held.rows] == ["neumap", "yardstick"]
    assert _marked(rows, 0) == ["neumap"]


def test_one_method_alone_is_neither_best_nor_behind():
    rows = [made_row("neumap", 2000, [0.1]), made_row("neumap", 2000, [0.2])]
    assert contests(rows) == []
    assert _marked(rows, 0) == []
    assert behind_sentences(rows) == []


def test_equal_figures_as_written_are_both_best_unless_all_are_equal():
    rows = [
        made_row("neumap", 2000, [0.120001]),
        made_row("yardstick", 2000, [0.12]),
        made_row("sift", 2000, [0.2]),
    ]
    assert _marked(rows, 0) == ["neumap", "yardstick"]
    assert _marked(rows[:2], 0) == []
    assert where_behind(rows) == []


def test_small_errors_are_shown_with_the_digits_that_they_are_compared_with():
    rows = [made_row("neumap", 2000, [0.00231]), made_row("yardstick", 2000, [0.00228])]
    assert [row.cells[0].text for row in table_rows(rows)] == ["0.00231", "0.00228"]
    assert _marked(rows, 0) == ["yardstick"]
    assert "0.00231 against 0.00228 (yardstick), 1 % more" in behind_sentences(rows)[1]


def test_a_failure_is_infinite_and_behind_every_finite_median():
    rows = [
        made_row("neumap", 2000, [math.inf, math.inf, 0.1]),
        made_row("yardstick", 2000, [0.3, 0.3, 0.3]),
    ]
    entries = {entry.figure: entry for entry in where_behind(rows)}
    assert math.isinf(entries[POSITION].own)
    assert entries[FAILED].own == pytest.approx(2 / 3, abs=1e-3)
    sentence = behind_sentences(rows)[1]
    assert "median position error infinite against 0.300 (yardstick)" in sentence
    assert "66.7 % failed against 0.0 % (yardstick), 66.7 points more" in sentence


def test_sentences_name_scene_size_figure_best_method_and_by_how_much():
    rows = [
        made_row("neumap", 2000, [0.044, 0.06]),
        made_row("yardstick", 2000, [0.04, 0.04]),
        made_row("neumap", 4000, [0.01, 0.01]),
        made_row("yardstick", 4000, [0.02, 0.02]),
    ]
    first, *others = behind_sentences(rows)
    assert "smallest median position error in 1 of 2 comparisons" in first
    assert "the best in every figure in 1." in first
    (sentence,) = others
    assert sentence.startswith("hall, at most 2.0 kB: ")
    assert "median position error 0.0520 against 0.0400 (yardstick), 30 % more" in sentence
    assert "within 0.05 m, 5°: 50.0 % against 100.0 % (yardstick), 50.0 points less" in sentence
    assert "rotation" not in sentence


def test_where_neumap_is_the_best_everywhere_one_sentence_says_so():
    rows = [made_row("neumap", 2000, [0.1]), made_row("yardstick", 2000, [0.2])]
    (sentence,) = behind_sentences(rows)
    assert "in 1 of 1 comparisons" in sentence


def test_rows_stand_by_scene_then_budget_then_method_with_neumap_first():
    rows = [
        made_row("sift", None, [0.1]),
        made_row("yardstick", 4000, [0.1]),
        made_row("neumap", 4000, [0.1]),
        made_row("neumap", 2000, [0.1], scene="room"),
        made_row("yardstick", 2000, [0.1]),
    ]
    assert [(r.scene, r.method, r.budget_bytes) for r in in_table_order(rows)] == [
        ("hall", "yardstick", 2000),
        ("hall", "neumap", 4000),
        ("hall", "yardstick", 4000),
        ("hall", "sift", None),
        ("room", "neumap", 2000),
    ]


@pytest.mark.parametrize("units", ["metre", "unknown"])
def test_every_threshold_of_the_heading_has_a_cell(units):
    rows = [made_row("neumap", 2000, [0.1], units=units)]
    # two medians before and failures after
    assert len(table_rows(rows)[0].cells) == len(recall_heads(rows)) + 3


def _with_seeds(row, *errors_by_seed):
    seeds = tuple(
        made_row(row.method, row.budget_bytes, errors).summary for errors in errors_by_seed
    )
    return replace(row, by_seed=seeds)


def test_a_difference_in_every_query_is_beyond_chance_and_one_in_a_few_is_not():
    rng = np.random.default_rng(0)
    errors = rng.uniform(0.02, 0.04, 60)
    other = made_row("yardstick", 2000, list(errors))
    for own, is_decided in ((1.2 * errors, True), (rng.permutation(errors) + 1e-4, False)):
        rows = [made_row("neumap", 2000, list(own)), other]
        entry = next(entry for entry in where_behind(rows) if entry.figure == POSITION)
        assert entry.is_decided == is_decided
        assert entry.gap.value == pytest.approx(entry.own / entry.best, rel=0.02)
        first, sentence = behind_sentences(rows)
        assert (
            f"Of the {len(where_behind(rows))} figures below, {int(is_decided)} are worse" in first
        )
        low, high = (f"{100 * (end - 1):+.0f}" for end in (entry.gap.low, entry.gap.high))
        assert f"% more [{low} to {high} %]" in sentence


def test_seeds_that_differ_widen_the_interval():
    rows = [
        made_row("neumap", 2000, [0.01, 0.04] * 20),  # both seeds pooled
        made_row("yardstick", 2000, [0.02] * 40),
    ]
    assert next(iter(where_behind(rows))).is_decided is False
    steady = _with_seeds(rows[0], [0.025] * 20, [0.025] * 20)
    uneven = _with_seeds(rows[0], [0.01] * 20, [0.04] * 20)
    other = _with_seeds(rows[1], [0.02] * 20, [0.02] * 20)
    gaps = [next(iter(where_behind([own, other]))).gap for own in (steady, uneven)]
    assert (gaps[0].low, gaps[0].high) == pytest.approx((1.25, 1.25))
    assert (gaps[1].low, gaps[1].high) == pytest.approx((0.5, 2.0))


def test_a_share_has_an_interval_in_points():
    rows = [
        made_row("neumap", 2000, [0.01] * 30 + [math.inf] * 10),
        made_row("yardstick", 2000, [0.01] * 40),
    ]
    entry = next(entry for entry in where_behind(rows) if entry.figure == FAILED)
    assert 0 < entry.gap.low < 0.25 < entry.gap.high < 0.5
    assert "25.0 points more [+" in behind_sentences(rows)[1]
    assert "25.0 points less [-" in behind_sentences(rows)[1]


def test_rows_of_other_queries_have_no_interval():
    rows = [made_row("neumap", 2000, [0.2] * 3), made_row("yardstick", 2000, [0.1] * 2)]
    assert [entry.gap for entry in where_behind(rows)] == [None] * len(where_behind(rows))
    assert "[" not in " ".join(behind_sentences(rows))


def test_thresholds_of_the_data_set_stand_in_the_table_and_the_first_is_the_main_one():
    row = made_row("neumap", 2000, [0.07, 0.2, 0.9])
    assert "0.1 m, 1°" not in recall_heads([row])
    assert main_recall(row).label == "0.05m_5deg"
    naver_labs = replace(row, main_recalls=("0.1m_1deg", "0.25m_2deg", "1m_5deg"))
    heads = recall_heads([naver_labs])
    assert [head for head in heads if head not in recall_heads([row])] == ["0.1 m, 1°", "1 m, 5°"]
    assert len(table_rows([naver_labs])[0].cells) == len(heads) + 3
    assert main_recall(naver_labs).share == pytest.approx(1 / 3)
    relative = replace(naver_labs, summary=made_row("n", 2000, [0.1], units="unknown").summary)
    assert main_recall(relative).label == "0.01depth_5deg"
