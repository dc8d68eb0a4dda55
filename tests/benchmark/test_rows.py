from pathlib import Path

import numpy as np
import pytest
from benchmarks.rows import Row

from made_scene import made_views, truth_of
from neumap.baselines.nearest import full_precision
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.images import PosedImage


@pytest.fixture(scope="module")
def scene():
    return truth_of(made_views(num_stray=0))


@pytest.fixture(scope="module")
def queries(scene):
    return [
        (PosedImage(view.name, Path(view.name), view.camera, view.cam_from_world), view.features)
        for view in scene.views[:3]
    ]


class _Silent:
    """A reader that finds nothing."""

    def predict(self, features):
        return SceneCoordinates.empty()

    def guide(self, features):
        return None


def test_every_query_is_scored_and_right_matches_are_counted(scene, queries):
    row = Row()
    row.map_bytes.append(100)
    row.add_queries(full_precision(scene), queries)
    figures = {**row.summary(), **row.failures(0.1)}
    assert figures["num_queries"] == 3
    assert figures["num_failures"] == 0
    assert figures["first_ratio_mean"] > 0.95
    assert figures["first_right_mean"] > 200


def test_a_reader_that_finds_nothing_misses_every_query(queries):
    row = Row()
    row.map_bytes.append(100)
    row.add_queries(_Silent(), queries)
    figures = {**row.summary(), **row.failures(0.1)}
    assert figures["num_failed"] == figures["num_failures"] == 3
    assert figures["median_position_error"] is None
    assert figures["first_ratio_mean"] == 0


def test_an_error_above_the_bound_is_a_failure_as_no_pose_is():
    row = Row(position_error=[0.1, 0.5, 0.51, np.inf], seed=[0] * 4)
    row.num_right, row.right_ratio = [1] * 4, [0.5] * 4
    assert row.failures(0.5)["num_failures"] == 2


def test_queries_of_a_map_that_was_not_built_are_misses():
    row = Row()
    row.add_missed(4)
    assert row.failures(1e9)["num_failures"] == 4
    assert row.summary()["num_queries"] == 4


def test_seeds_are_pooled_and_their_spread_is_stated():
    row = Row(position_error=[0.1, 0.2, 0.3, np.inf], seed=[0, 0, 1, 1])
    row.num_right, row.right_ratio = [1] * 4, [0.5] * 4
    figures = row.failures(0.5)
    assert figures["num_failures"] == 1
    assert [seed["num_failures"] for seed in figures["by_seed"]] == [0, 1]
    assert [seed["p75_position_error"] for seed in figures["by_seed"]] == [0.2, None]
