import json
import math

import numpy as np
import pytest

from neumap.errors import DataError
from neumap.evaluation import QueryScore, join_scenes, summarise


def _summary(scene, errors, *, units="metre", median_depth=None, map_bytes=1000):
    scores = []
    for idx, error in enumerate(errors):
        status = "failed" if math.isinf(error) else "ok"
        rotation_deg = math.inf if status == "failed" else 1.0
        scores.append(QueryScore(f"{idx}.png", status, "", error, rotation_deg, 30, 60, 0.5, 20.0))
    return summarise(
        scores, scene=scene, units=units, median_depth=median_depth, map_bytes=map_bytes
    )


def test_pooled_figures_are_those_of_all_queries_as_one_set():
    a, b = [0.01, 0.02, 0.5, math.inf], [0.04, 0.06]
    joint = join_scenes([_summary("a", a), _summary("b", b)])
    assert (joint.pooled.num_queries, joint.pooled.num_failed) == (6, 1)
    assert joint.pooled.position_percentiles[50] == pytest.approx(np.median([*a, *b]))
    assert joint.pooled.recalls[0].share == pytest.approx(3 / 6)
    assert joint.pooled.map_bytes == 2000
    assert joint.position_unit == "metre"


def test_the_mean_of_medians_counts_each_scene_once():
    joint = join_scenes([_summary("a", [0.1] * 9), _summary("b", [0.3])])
    assert joint.mean_of_medians == (pytest.approx(0.2), pytest.approx(1.0))
    lost = join_scenes([_summary("a", [0.1] * 9), _summary("b", [math.inf])])
    assert math.isinf(lost.mean_of_medians[0])
    assert lost.to_json()["overall"]["mean_of_scene_median_position_errors"] is None


def test_units_that_are_not_known_are_pooled_as_fractions_of_the_depth():
    metric = _summary("a", [0.2], median_depth=4.0)
    other = _summary("b", [30.0], units="unknown", median_depth=200.0)
    joint = join_scenes([metric, other])
    errors = [query.position_error for query in joint.pooled.scores]
    assert errors == pytest.approx([0.05, 0.15])
    content = joint.to_json()
    assert content["overall"]["position_unit"] == "median depth of the scene"
    assert content["scenes"]["b"]["median_position_error"] == 30.0  # each scene keeps its unit


def test_json_has_the_figures_of_each_scene_and_of_all():
    content = join_scenes([_summary("a", [0.1, math.inf]), _summary("b", [0.3])]).to_json()
    again = json.loads(json.dumps(content, allow_nan=False))
    assert set(again) == {"overall", "scenes"}
    assert set(again["scenes"]) == {"a", "b"}
    assert again["overall"]["num_scenes"] == 2
    assert again["overall"]["num_queries"] == 3
    assert len(again["scenes"]["a"]["per_query"]) == 2


def test_bytes_that_one_scene_does_not_state_are_not_added_up():
    joint = join_scenes([_summary("a", [0.1]), _summary("b", [0.1], map_bytes=None)])
    assert joint.pooled.map_bytes is None


def test_a_scene_twice_or_none_is_refused():
    with pytest.raises(DataError, match="a: stands in 2"):
        join_scenes([_summary("a", [0.1]), _summary("a", [0.2])])
    with pytest.raises(DataError, match="at least one"):
        join_scenes([])
