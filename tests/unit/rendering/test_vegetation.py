"""Plants and vehicles."""

import numpy as np
import pytest

from neumap.rendering.scene import SceneBuilder, placed
from neumap.rendering.vegetation import Greenery, add_hedge, add_ivy, add_planter, add_tree
from neumap.rendering.vehicles import CAR_M, Livery, add_car, add_van


@pytest.fixture
def builder() -> SceneBuilder:
    return SceneBuilder(np.random.default_rng(0))


def _corners(builder: SceneBuilder) -> np.ndarray:
    scene = builder.build()
    ends = (0 * scene.edge_u, scene.edge_u, scene.edge_v, scene.edge_u + scene.edge_v)
    return np.concatenate([scene.corner + end for end in ends])


def test_a_tree_is_a_trunk_below_and_leaves_above(builder):
    greenery = Greenery.draw(builder)
    add_tree(builder, greenery, placed(5.0, 3.0), 6.0)
    corners = _corners(builder)
    low = corners[corners[:, 2] < 1.4]
    assert np.abs(low[:, :2] - [5.0, 3.0]).max() < 0.2
    assert 4.5 < corners[:, 2].max() < 8.0
    assert len(np.unique(builder.build().normal.round(2), axis=0)) > 60


@pytest.mark.parametrize("add", [add_hedge, add_ivy])
def test_hedges_and_ivy_stay_near_what_was_asked_for(builder, add):
    greenery = Greenery.draw(builder)
    size = (4.0, 0.6, 1.2) if add is add_hedge else (4.0, 1.2)
    add(builder, greenery, placed(0.0, 0.0, yaw_deg=90.0), size)
    corners = _corners(builder)
    assert np.abs(corners[:, 0]).max() < 1.2
    assert 1.5 < np.abs(corners[:, 1]).max() < 2.9
    assert corners[:, 2].max() < 2.2


@pytest.mark.parametrize("add", [add_car, add_van])
def test_a_vehicle_is_one_thing_of_its_length_and_width(builder, add):
    livery = Livery.draw(builder)
    numbers = [add(builder, livery, placed(9.0 * i, 0.0)) for i in range(2)]
    assert numbers[0] != numbers[1]
    scene = builder.build()
    assert set(scene.object_number) == set(numbers)
    for i, number in enumerate(numbers):
        own = scene.corner[scene.object_number == number]
        assert np.abs(own[:, 0] - 9.0 * i).max() < CAR_M[0] / 2 + 0.05
        assert np.abs(own[:, 1]).max() < CAR_M[1] / 2 + 0.05
        assert own[:, 2].min() >= 0.0


def test_a_planter_moves_with_its_bush(builder):
    greenery = Greenery.draw(builder)
    add_planter(builder, greenery, placed(0.0, 0.0), greenery.soil)
    scene = builder.build()
    moved = scene.with_moved_objects(np.random.default_rng(0), share=1.0)
    assert (np.abs(moved.corner - scene.corner).max(axis=1) > 1e-3).all()
