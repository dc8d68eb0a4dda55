"""What makes a pose believed, and the sentence that says why one is not."""

from dataclasses import replace

import numpy as np
import pytest

from neumap.errors import OptionError
from neumap.geometry import RigidTransform
from neumap.pose.acceptance import SearchEffort
from neumap.pose.guided_matching import GuideTable
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import Correspondences
from neumap.pose.solver import Candidate
from neumap.pose.verification import (
    PoseEvidence,
    VerificationConfig,
    evidence_defect,
    evidence_for,
    prefix_sizes,
)
from pose_scenes import CAMERA, made_scene, pure_outliers

CONFIG = VerificationConfig()
EFFORT = SearchEffort(4000, 8.0)
ENOUGH = PoseEvidence(
    num_agreeing=9,
    num_matches=200,
    num_cells=5,
    first_nats=3.0,
    num_codes=20,
    code_nats=35.0,
    mean_nats=4.5,
)


def unseen_codes():
    """A table whose codes lie behind any camera near the made scenes."""
    vectors = np.eye(4, 16, dtype=np.float32)
    return GuideTable(np.full((4, 3), 1e6), vectors, np.zeros((4, 2)), vectors)


def evidence(pairs, cam_from_world):
    points = undistort(pairs, CAMERA)
    candidate = Candidate(pairs, CAMERA, points, points.from_world(cam_from_world))
    return evidence_for(candidate, unseen_codes(), effort=EFFORT, radius_px=5.0, config=CONFIG)


def test_a_pose_of_enough_evidence_has_no_defect():
    assert evidence_defect(ENOUGH, CONFIG) is None


def test_strong_first_matches_do_where_a_large_map_crowds_the_view():
    change = {"first_nats": 220.0, "code_nats": -250.0, "mean_nats": 1.8}
    assert evidence_defect(replace(ENOUGH, **change), CONFIG) is not None
    assert evidence_defect(replace(ENOUGH, **change, is_crowded=True), CONFIG) is None
    weak = replace(ENOUGH, **(change | {"first_nats": 150.0}), is_crowded=True)
    assert evidence_defect(weak, CONFIG) is not None
    unlike = replace(ENOUGH, **(change | {"mean_nats": 1.4}), is_crowded=True)
    assert evidence_defect(unlike, CONFIG) is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_agreeing": 5}, "only 5 of 200 matches agree on a pose"),
        ({"num_cells": 2}, "the agreeing matches cover too small a part of the photo"),
        ({"code_nats": -1.0}, "does not look like the 20 other map points that it would then show"),
        ({"mean_nats": 3.3}, "does not look like the 20 other map points that it would then show"),
        ({"code_nats": 0.0, "num_codes": 0}, "no other map point is seen near"),
    ],
)
def test_each_lack_of_evidence_has_its_sentence(change, reason):
    assert reason in str(evidence_defect(replace(ENOUGH, **change), CONFIG))


def test_few_codes_that_say_less_than_neutral_are_outweighed_by_first_matches():
    """A photo that shows a mapped place from elsewhere, and few of its codes."""
    hard = replace(ENOUGH, num_agreeing=26, first_nats=57.0, code_nats=-7.0, mean_nats=4.6)
    assert evidence_defect(hard, CONFIG) is None


def test_a_look_alike_place_is_refused_however_many_matches_agree():
    alike = replace(ENOUGH, num_agreeing=60, first_nats=456.0, code_nats=60.0, num_codes=300)
    assert evidence_defect(replace(alike, mean_nats=2.7), CONFIG) is not None
    assert evidence_defect(replace(alike, mean_nats=5.4), CONFIG) is None


def test_strong_first_matches_need_less_of_the_codes_that_may_be_hidden():
    hidden = replace(ENOUGH, num_agreeing=110, code_nats=50.0, num_codes=220, mean_nats=3.5)
    assert evidence_defect(replace(hidden, first_nats=390.0), CONFIG) is None
    assert evidence_defect(replace(hidden, first_nats=250.0), CONFIG) is not None


def test_many_agreeing_matches_are_sure_without_a_look_at_codes():
    pairs, cam_from_world = made_scene(num_pairs=500, seed=0, outlier_share=0.5)
    found = evidence(pairs, cam_from_world)
    assert found.num_agreeing >= 230
    assert found.first_nats > CONFIG.overwhelming_nats
    assert found.num_codes == 0
    assert evidence_defect(found, CONFIG) is None


def test_a_pose_that_few_outliers_fit_has_no_evidence():
    pairs = pure_outliers(num_pairs=200, seed=1)
    found = evidence(pairs, RigidTransform(np.eye(3), np.array([0.0, 0.0, 5.0])))
    assert found.first_nats == 0.0
    assert evidence_defect(found, CONFIG) is not None


def test_agreement_of_the_best_matches_is_not_drowned_by_the_others():
    pairs, cam_from_world = made_scene(num_pairs=14, seed=2)
    rest = pure_outliers(num_pairs=600, seed=3)
    together = Correspondences(
        np.concatenate([pairs.xy_img, rest.xy_img]),
        np.concatenate([pairs.xyz_in_world, rest.xyz_in_world]),
        np.linspace(1, 0, 614),
    )
    last = Correspondences(together.xy_img[::-1], together.xyz_in_world[::-1], together.confidence)
    first = evidence(together, cam_from_world).first_nats
    assert first > evidence(last, cam_from_world).first_nats + 5


def test_prefixes_hold_at_least_a_dozen_or_all():
    assert prefix_sizes(300, (0.5, 1.0)) == (150, 300)
    assert prefix_sizes(18, (1 / 3, 1.0)) == (12, 18)
    assert prefix_sizes(7, (0.5, 1.0)) == (7, 7)
    assert prefix_sizes(0, (0.5,)) == (0,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"search_shares": ()},
        {"search_shares": (1.5,)},
        {"min_first_inliers": 3},
        {"min_nats": 0.0},
        {"min_mean_nats": 7.5},
        {"min_mean_nats": 2.5},
        {"overwhelming_nats": 50.0},
    ],
)
def test_settings_that_believe_anything_are_refused(wrong):
    with pytest.raises(OptionError, match="out of range"):
        VerificationConfig(**wrong)
