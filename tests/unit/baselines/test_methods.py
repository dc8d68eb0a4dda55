"""Every compared method maps a rendered room: poses, refusals, bytes."""

import numpy as np
import pytest

from neumap.baselines import METHODS
from neumap.baselines.coordinate_head_method import CoordinateHeadMethod
from neumap.baselines.coordinate_head_training import CoordinateHeadConfig
from neumap.baselines.own_map import NeumapMethod
from neumap.errors import OptionError
from neumap.mapping import MappingConfig
from neumap.pose import PoseEstimate, PoseFailure
from room import pose_errors

BUDGET = 4_200
MAX_MEDIAN_M = {"yardstick": 0.08, "coordinate-head": 1.0}
"""Of 4 queries in a room of some metres; 0.04 for all others. From 24 photos a regressor learns
little of what lies between them."""
SHORT_TRAINING = CoordinateHeadConfig(num_steps=400, batch=512)


@pytest.fixture(scope="module", params=METHODS)
def built(request, room_fold):
    method = METHODS[request.param]()
    if request.param == "coordinate-head":
        method = CoordinateHeadMethod(SHORT_TRAINING)
    if request.param == "neumap":
        method = NeumapMethod(MappingConfig(has_code_fit=False))
    budget = BUDGET if method.has_budget else None
    return method, method.build(room_fold, budget_bytes=budget, seed=0)


def test_photos_of_the_room_are_localised(built, room_queries):
    method, room_map = built
    queries = room_queries[:4]
    answers = [room_map.localizer.localize(q.path, camera=q.camera) for q in queries]
    errors = [
        pose_errors(answer, query.cam_from_world)
        for answer, query in zip(answers, queries, strict=True)
    ]
    assert np.median([e[0] for e in errors]) < MAX_MEDIAN_M.get(method.name, 0.04)
    assert sum(isinstance(answer, PoseEstimate) for answer in answers) >= 3


def test_photos_of_elsewhere_get_no_pose(built, foreign_photos):
    for photo, camera in foreign_photos:
        result = built[1].localizer.localize(photo, camera=camera)
        assert isinstance(result, PoseFailure), result.num_inliers
        assert result.reason


def test_bytes_and_time_are_counted(built):
    method, room_map = built
    assert room_map.mapping_seconds > 0
    if method.has_budget:
        assert 0.98 * BUDGET <= room_map.num_bytes <= BUDGET
    else:
        assert room_map.num_bytes > BUDGET


def test_a_method_states_the_name_that_it_is_asked_for_by(built):
    assert METHODS[built[0].name]().name == built[0].name


@pytest.mark.parametrize("name", METHODS)
def test_a_budget_is_needed_or_refused(name, room_fold):
    method = METHODS[name]()
    wrong = None if method.has_budget else 4200
    with pytest.raises(OptionError, match=name):
        method.build(room_fold, budget_bytes=wrong, seed=0)


def test_a_yardstick_without_room_for_a_pose_is_refused(room_fold):
    with pytest.raises(OptionError, match="56 bytes"):
        METHODS["yardstick"]().build(room_fold, budget_bytes=55, seed=0)


def test_the_scene_of_a_fold_is_found_once(room_fold):
    timed = room_fold.timed_scene("xfeat")
    assert room_fold.timed_scene("xfeat") is timed
    assert room_fold.timed_scene("blobs") is not timed
    assert len(timed.scene.views) == len(room_fold.split.map_names)
