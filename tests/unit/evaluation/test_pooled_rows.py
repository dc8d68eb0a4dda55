import pytest

from benchmark_rows import made_row
from neumap.evaluation.pooled_rows import ALL_SCENES, pool_scenes


def test_queries_of_all_scenes_are_pooled_and_bytes_are_means():
    pooled = pool_scenes(
        [
            made_row("neumap", 2000, [0.1, 0.1, 0.1], map_bytes=1000),
            made_row("neumap", 2000, [0.4], scene="room", map_bytes=2000),
        ]
    )
    (row,) = pooled.rows
    assert not pooled.is_relative
    assert (row.scene, row.budget_bytes, row.map_bytes) == (ALL_SCENES, 2000, 1500)
    assert row.summary.num_queries == 4
    assert row.summary.position_percentiles[50] == pytest.approx(0.1)


def test_positions_are_shares_of_depth_where_a_unit_is_not_known():
    pooled = pool_scenes(
        [
            made_row("neumap", 2000, [0.1], units="unknown"),
            made_row("neumap", 2000, [0.3], scene="room", units="unknown"),
        ]
    )
    assert pooled.is_relative
    assert pooled.rows[0].summary.position_percentiles[50] == pytest.approx(0.1)  # of depth 2


def test_rows_that_not_every_scene_has_once_are_left_out():
    rows = [
        made_row("neumap", 2000, [0.1]),
        made_row("neumap", 2000, [0.1], scene="room"),
        made_row("sift", None, [0.1]),
        made_row("twice", None, [0.1]),
        made_row("twice", None, [0.1]),
        made_row("twice", None, [0.1], scene="room"),
    ]
    assert [row.method for row in pool_scenes(rows).rows] == ["neumap"]
