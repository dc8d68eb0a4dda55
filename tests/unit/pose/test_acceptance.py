import numpy as np
import pytest

from neumap.pose.acceptance import (
    AcceptanceConfig,
    SearchEffort,
    chance_of_inliers,
    first_of_each,
    hit_probability,
    num_cells,
    num_distinct,
)
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate, judge
from pose_scenes import CAMERA, made_scene

EFFORT = SearchEffort(num_hypotheses=1, threshold_px=10.0, sample_size=3)


def test_chance_equals_the_summed_binomial_tail():
    from math import comb

    tail = sum(comb(47, k) * 0.02**k * 0.98 ** (47 - k) for k in range(5, 48))
    assert chance_of_inliers(8, 50, hit_probability=0.02, effort=EFFORT) == pytest.approx(tail)


def test_chance_falls_with_inliers_and_rises_with_threshold_share_and_hypotheses():
    many = SearchEffort(num_hypotheses=1000, threshold_px=10.0)
    by_count = [
        chance_of_inliers(k, 200, hit_probability=0.01, effort=EFFORT) for k in range(3, 30)
    ]
    assert by_count == sorted(by_count, reverse=True)
    assert by_count[0] == 1.0
    assert chance_of_inliers(12, 200, hit_probability=0.02, effort=EFFORT) > by_count[9]
    assert chance_of_inliers(12, 200, hit_probability=0.01, effort=many) == pytest.approx(
        1000 * by_count[9]
    )


def test_hit_probability_is_the_disc_share_for_even_pixels():
    xy_px = np.random.default_rng(0).uniform((0, 0), (1000, 1000), (500, 2))
    share = hit_probability(xy_px, threshold_px=20.0, area_px2=1e6)
    assert share == pytest.approx(np.pi * 400 / 1e6, rel=0.15)


def test_hit_probability_rises_where_pixels_crowd():
    xy_px = np.random.default_rng(0).uniform((0, 0), (100, 100), (500, 2))
    assert hit_probability(xy_px, threshold_px=20.0, area_px2=1e6) > 0.05


def test_distinct_rows_are_counted_once():
    rows = np.array([[1.0, 2.0], [0.0, 5.0], [1.0, 2.0], [1.0, 3.0]])
    assert num_distinct(rows) == 3
    assert num_distinct(np.zeros((0, 2))) == 0


def test_of_equal_rows_the_first_is_named():
    rows = np.array([[3.0, 2.0], [0.0, 5.0], [3.0, 2.0], [0.0, 5.0], [3.0, 1.0]])
    assert sorted(first_of_each(rows)) == [0, 1, 4]


def test_cells_of_the_photo_are_counted_and_borders_clipped():
    xy_img = np.array([[0.0, 0.0], [640.0, 480.0], [639.0, 479.0], [-1.0, 0.0]])
    assert num_cells(xy_img, 640, 480) == 2


@pytest.mark.parametrize("bad", [{"min_inliers": 3}, {"max_chance": 0.0}, {"max_chance": 1.0}])
def test_limits_that_accept_anything_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        AcceptanceConfig(**bad)


def test_a_pose_below_the_inlier_ratio_is_refused_and_above_it_accepted():
    correspondences, cam_from_world = made_scene(num_pairs=200, seed=0, outlier_share=0.7)
    points = undistort(correspondences, CAMERA)
    candidate = Candidate(correspondences, CAMERA, points, points.from_world(cam_from_world))
    effort = SearchEffort(100, 8.0)
    believed = judge(candidate, effort, AcceptanceConfig(min_inlier_ratio=0.25))
    assert isinstance(believed, PoseEstimate)
    refused = judge(candidate, effort, AcceptanceConfig(min_inlier_ratio=0.4))
    assert isinstance(refused, PoseFailure)
    assert "less than a share of 0.4" in refused.reason


@pytest.mark.parametrize("ratio", [-0.1, 1.1])
def test_inlier_ratios_that_are_no_share_are_refused(ratio):
    with pytest.raises(ValueError, match="expected 0 to 1"):
        AcceptanceConfig(min_inlier_ratio=ratio)
