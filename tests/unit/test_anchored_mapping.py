from dataclasses import replace

import numpy as np
import pytest

from made_scene import made_views
from neumap.anchored_mapping import anchor_bits_of, near_points
from neumap.decoder.weights import load_anchored_decoder
from neumap.errors import OptionError
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene import Scene
from neumap.scene.build_scene import ScenePointsConfig, _points_from_pairs

SOURCE = Source(layout="made", num_images=8, seed=0)


@pytest.fixture(scope="module")
def scene():
    views = made_views().views
    points = _points_from_pairs(views, ScenePointsConfig(), lambda stage, done, total: None)
    return Scene(views, points, "unknown")


def file_bytes(scene_map):
    return sum(scene_map.bytes_by_part().values())


@pytest.mark.parametrize("budget", [1_500, 2_000, 2_501])
def test_the_file_fills_its_budget_and_never_exceeds_it(scene, budget):
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=budget)
    assert budget - 60 < file_bytes(scene_map) <= budget


def test_a_budget_for_more_codes_than_points_gives_each_near_point_a_code(scene):
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    assert scene_map.num_codes == near_points(scene.points.xyz_in_world).sum()


def test_a_budget_without_room_for_30_codes_is_refused(scene):
    with pytest.raises(OptionError, match="do not hold a map"):
        map_of_scene(scene, SOURCE, budget_bytes=600)


def test_anchors_stay_within_half_a_step_of_points(scene):
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    layout = scene_map.header["layout"]
    half_steps = np.array(layout["e"]) / 2 ** layout["b"] / 2
    gap = np.abs(scene_map.anchors_in_world[:, None] - scene.points.xyz_in_world[None])
    nearest = gap[np.arange(len(gap)), gap.sum(axis=2).argmin(axis=1)]
    assert (nearest <= half_steps * 1.001).all()


def test_bytes_that_no_point_can_use_make_codes_and_anchors_finer(scene):
    scarce = map_of_scene(scene, SOURCE, budget_bytes=2_000)
    plenty = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    assert plenty.header["layout"]["b"] == 16 > scarce.header["layout"]["b"]
    assert plenty.header["layout"]["z"] == 4 > scarce.header["layout"]["z"]


def test_a_step_of_the_anchors_is_below_half_a_pixel(scene):
    side = float(np.ptp(scene.points.xyz_in_world, axis=0).max())
    pixel = 6.0 / 500.0  # the views are 6 units away, at a focal length of 500
    assert 0.2 * pixel < side / 2 ** anchor_bits_of(scene, side) < 0.55 * pixel


def test_a_point_far_away_gets_no_code():
    xyz = np.random.default_rng(0).normal(size=(500, 3))
    xyz[7] = [0.0, 90.0, 0.0]
    assert not near_points(xyz)[7]
    assert near_points(xyz).sum() >= 480


def test_fitting_changes_codes_but_no_network_weight(scene):
    decoder, _ = load_anchored_decoder()
    before = {name: value.clone() for name, value in decoder.state_dict().items()}
    fitted = map_of_scene(scene, SOURCE, budget_bytes=2_500)
    plain = map_of_scene(
        scene, SOURCE, budget_bytes=2_500, config=MappingConfig(has_code_fit=False)
    )
    assert (fitted.tensors["codes"] != plain.tensors["codes"]).any()
    np.testing.assert_array_equal(fitted.tensors["anchors"], plain.tensors["anchors"])
    assert all((value == before[name]).all() for name, value in decoder.state_dict().items())


def test_the_same_seed_gives_the_same_map(scene):
    first = map_of_scene(scene, SOURCE, budget_bytes=2_500)
    second = map_of_scene(replace(scene), SOURCE, budget_bytes=2_500)
    np.testing.assert_array_equal(first.tensors["codes"], second.tensors["codes"])
    assert first.header == second.header
