import numpy as np
import pytest

from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.training.anchored_validation import QueryOutcome, judge_queries, summarise
from neumap.training.scene_cache import TrainingScene


def outcome(right: list[bool], confidence: list[float]) -> QueryOutcome:
    return QueryOutcome("s", np.array(right), np.array(confidence, dtype=np.float32), 100.0)


def test_counts_are_means_over_queries_and_ratios_are_over_matches():
    summary = summarise([outcome([True] * 40, [0.9] * 40), outcome([True, False] * 5, [0.5] * 10)])
    assert summary.num_right == 22.5
    assert summary.inlier_ratio == 45 / 50
    assert summary.share_of_30 == 0.5


def test_auc_is_one_for_a_perfect_order_and_a_half_for_ties():
    assert summarise([outcome([True, False], [0.9, 0.1])]).auc == 1.0
    assert summarise([outcome([True, False], [0.5, 0.5])]).auc == 0.5


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    honest = summarise([outcome([True, True, True, False], [0.75] * 4)])
    assert honest.calibration_error == pytest.approx(0.0)
    boastful = summarise([outcome([True, False, False, False], [0.75] * 4)])
    assert boastful.calibration_error == pytest.approx(0.5)


def test_easy_queries_are_mostly_matched_right(make_scene):
    scene = make_scene(0, num_points=150, num_views=6)
    queries = make_scene(0, num_points=150, num_views=7).views[6:]
    depths = tuple(np.full(len(view.features), np.nan) for view in (*scene.views, *queries))
    held_out = TrainingScene("made", scene, queries, depths, (100.0,) * 7)
    rows = np.concatenate([view.features.descriptors for view in scene.views])
    decoder = AnchoredDecoder(CodeSpace.fit(rows, np.arange(len(rows)), within_weight=0.0)).eval()
    outcomes = judge_queries([held_out], decoder, num_codes=100)
    assert len(outcomes) == 1
    assert summarise(outcomes).num_right > 50
    assert summarise(outcomes).inlier_ratio > 0.7
