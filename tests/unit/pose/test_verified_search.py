"""Poses that few matches support: the codes they show decide; a hidden one is searched for."""

import numpy as np
import pytest

from made_scene import VIEW_CAMERA, pose_on_arc, unit
from neumap.pose import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.guided_matching import GuideTable
from neumap.pose.stage_clock import StageClock
from neumap.pose.verified_search import GuidedSearchConfig, VerifiedSearch

pytest.importorskip("poselib")
CONFIG = GuidedSearchConfig(
    threshold_px=8.0, guided_passes=((10.0, 6.0), (5.0, 4.0)), min_guided_pairs=8, seed=0
)
RNG = np.random.default_rng(0)
ANCHORS = RNG.uniform([-1.8, -1.4, -1.0], [1.8, 1.4, 1.0], (300, 3))
LOOKS = unit(RNG.normal(size=(300, 16)))
POSE, OTHER = pose_on_arc(8.0), pose_on_arc(-25.0)


def photo_of(cam_from_world):
    return VIEW_CAMERA.img_from_cam(cam_from_world.apply(ANCHORS))


def matches(parts):
    """Join (pixels, codes) of falling confidence."""
    xy = np.concatenate([xy for xy, _ in parts])
    codes = np.concatenate([codes for _, codes in parts])
    return Correspondences(xy, ANCHORS[codes], np.linspace(1, 0, len(xy)))


def wrong_matches(count):
    codes = np.arange(count) % 300
    return photo_of(POSE)[(codes * 7 + 5) % 300], codes


def run(first, *, looks_seen=LOOKS):
    table = GuideTable(ANCHORS, LOOKS, photo_of(POSE), looks_seen)
    search = VerifiedSearch(first, table, VIEW_CAMERA, config=CONFIG, clock=StageClock())
    return search.run()


def gap(result):
    return np.linalg.norm(result.cam_from_world.center_in_source - POSE.center_in_source)


def test_eight_right_matches_are_enough_where_the_other_codes_are_seen_too():
    right = np.arange(0, 64, 8)
    result = run(matches([(photo_of(POSE)[right], right), wrong_matches(80)]))
    assert isinstance(result, PoseEstimate)
    assert gap(result) < 0.01
    assert result.num_inliers > 250


def test_the_same_matches_are_refused_where_the_other_codes_are_not_seen():
    right = np.arange(0, 64, 8)
    first = matches([(photo_of(POSE)[right], right), wrong_matches(80)])
    foreign = unit(np.random.default_rng(1).normal(size=(300, 16)))
    result = run(first, looks_seen=foreign)
    assert isinstance(result, PoseFailure)
    assert "other map points" in result.reason


@pytest.mark.parametrize("is_own", [True, False])
def test_the_far_side_of_an_object_says_nothing_of_a_photo_of_its_near_side(is_own):
    """The photo shows the near side and what stands beside it; another photo is refused."""
    rng = np.random.default_rng(3)
    near = np.column_stack([rng.uniform(-1.5, 1.5, (200, 2)), np.full(200, -1.5)])
    beside = np.column_stack([rng.uniform((3.2, -2), (4.2, 2), (20, 2)), np.full(20, 2.5)])
    far = np.column_stack([rng.uniform(-1.4, 1.4, (600, 2)), rng.uniform(0, 1.5, 600)])
    anchors = np.concatenate([beside, near, far])
    looks = unit(rng.normal(size=(len(anchors), 16)))
    pose = pose_on_arc(8.0)
    shown = VIEW_CAMERA.img_from_cam(pose.apply(anchors[:220]))
    xy = np.concatenate([shown, rng.uniform((120, 40), (520, 440), (4000, 2))])
    foreign = unit(rng.normal(size=(len(xy), 16)))
    seen = np.concatenate([looks[:220], foreign[220:]]) if is_own else foreign
    right = np.array([0, 5, 25, 50, 90, 130, 170, 210])
    first = Correspondences(xy[right], anchors[right], np.linspace(1, 0.5, 8))
    table = GuideTable(anchors, looks, xy, seen)
    result = VerifiedSearch(first, table, VIEW_CAMERA, config=CONFIG, clock=StageClock()).run()
    assert isinstance(result, PoseEstimate) == is_own


def test_a_right_pose_that_more_matches_of_a_wrong_one_hide_is_found():
    """The wrong pose's matches are the less confident ones, so the best ones alone tell."""
    right, misled = np.arange(0, 150, 10), np.arange(200, 220)
    first = matches([(photo_of(POSE)[right], right), (photo_of(OTHER)[misled], misled)])
    result = run(first)
    assert isinstance(result, PoseEstimate)
    assert gap(result) < 0.01


def test_too_few_matches_are_a_failure():
    result = run(matches([(photo_of(POSE)[:3], np.arange(3))]))
    assert isinstance(result, PoseFailure)
    assert result.reason == "too few matches for a pose"
