"""A small town: what is where, what moves, and photos of it."""

import numpy as np
import pytest

from neumap.rendering.light import Lamp
from neumap.rendering.renderer import nearest_depth_m
from neumap.rendering.town import Town, build_town
from neumap.rendering.town_passes import PASSES, TownPass, plan_shots
from neumap.rendering.town_plan import TownPlan

COUNTS = {"map": 60, "day": 10, "night": 10}


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town(np.random.default_rng(4), num_blocks=(2, 1), num_makes=2)


@pytest.fixture(scope="module")
def shots(town):
    return plan_shots(town, COUNTS, size=(80, 60), seed=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_walk_passes_every_crossing_and_every_open_block(seed):
    plan = TownPlan.draw(np.random.default_rng(seed), num_blocks=(3, 2))
    route = plan.route()
    along = [[s.position_m for s in plan.streets if s.axis == axis] for axis in ("y", "x")]
    crossings = [(x, y) for x in along[0] for y in along[1]]
    middles = [block.middle_m for block in plan.blocks if block.is_open]
    assert middles
    for spots, reach in ((crossings, 1.0), (middles, 6.5)):
        gaps = np.linalg.norm(np.array(spots)[:, None] - route[None], axis=2).min(axis=1)
        assert gaps.max() < reach


def test_the_walk_crosses_no_house_and_hardly_any_camera_stands_in_a_thing(town, shots):
    for block in town.plan.blocks:
        if block.kind == "closed":
            eyes = np.array([shot.cam_from_world.center_in_source[:2] for shot in shots])
            inside = (eyes > block.low_m) & (eyes < block.high_m)
            assert not inside.all(axis=1).any()
    near = [nearest_depth_m(town.scene, shot.camera, shot.cam_from_world) < 0.3 for shot in shots]
    assert np.mean(near) <= 0.05


def test_the_seed_alone_decides_the_town(town):
    again = build_town(np.random.default_rng(4), num_blocks=(2, 1), num_makes=2)
    other = TownPlan.draw(np.random.default_rng(5), num_blocks=(2, 1))
    assert other.blocks[0].size_m != town.plan.blocks[0].size_m
    np.testing.assert_array_equal(again.scene.corner, town.scene.corner)
    np.testing.assert_array_equal(again.scene.atlas.texels, town.scene.atlas.texels)


def test_vehicles_change_places_or_leave_and_houses_stay(town):
    later = town.at_another_time(np.random.default_rng(0)).scene
    fixed = [s.corner[s.object_number < 0] for s in (town.scene, later)]
    np.testing.assert_array_equal(*fixed)
    numbers = set(town.parking)
    left = set(later.object_number.tolist()) & numbers
    assert left < numbers
    moved = 0
    for number in left:
        before, after = (s.corner[s.object_number == number] for s in (town.scene, later))
        gaps = np.linalg.norm(before[:, None] - before[None], axis=2)
        np.testing.assert_allclose(np.linalg.norm(after[:, None] - after[None], axis=2), gaps)
        moved += np.abs(before - after).max() > 1.0
    assert 0 < moved < len(left)


def test_the_passes_show_a_town_by_day_and_a_dark_one_by_night(town, shots):
    grey = {}
    for name in PASSES:
        town_pass = TownPass.of(town, name, seed=0)
        own = [shot for shot in shots if shot.pass_name == name][::5]
        views = [town_pass.take(shot) for shot in own]
        grey[name] = np.mean([view.rgb.mean() for view in views])
        assert np.mean([(view.depth > 0).mean() for view in views]) > 0.4
    assert 80 < grey["map"] < 190
    assert 60 < grey["day"] < 210
    assert 12 < grey["night"] < 0.6 * grey["day"]


def test_a_photo_does_not_depend_on_those_taken_before(town, shots):
    town_pass = TownPass.of(town, "night", seed=0)
    last = [shot for shot in shots if shot.pass_name == "night"][-1]
    first = town_pass.take(last).rgb
    town_pass.take(shots[0])
    np.testing.assert_array_equal(town_pass.take(last).rgb, first)


def test_only_the_nearest_lamps_light_a_photo(town):
    eye = np.array([*town.lamps[0].position_m])
    near = town.night().near(eye, within_m=40.0, most=3).lamps
    gaps = [np.linalg.norm(np.array(lamp.position_m) - eye) for lamp in near]
    assert near[0] == town.lamps[0]
    assert len(near) <= 3
    assert gaps == sorted(gaps)
    assert max(gaps) < 40.0


def test_suns_are_always_kept(town):
    lighting = town.day(np.random.default_rng(0))
    assert lighting.near(np.zeros(3), within_m=0.0, most=0).lamps == lighting.lamps
    assert isinstance(lighting.lamps[0], Lamp)
