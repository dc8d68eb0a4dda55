import re
from dataclasses import replace

import numpy as np
import pytest

from made_scene import made_views
from neumap.anchored_mapping import anchor_bits_of, near_points
from neumap.codes.map_file import map_file_bytes
from neumap.decoder.weights import load_anchored_decoder
from neumap.errors import OptionError
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene import Scene
from neumap.scene.pair_points import points_from_pairs
from neumap.scene.points_config import ScenePointsConfig

SOURCE = Source(layout="made", num_images=8, seed=0)


@pytest.fixture(scope="module")
def scene():
    views = made_views().views
    points = points_from_pairs(views, ScenePointsConfig(), lambda stage, done, total: None)
    return Scene(views, points, "unknown")


def file_bytes(scene_map):
    return sum(scene_map.bytes_by_part().values())


@pytest.mark.parametrize("budget", [1_000, 1_500, 2_001])
@pytest.mark.parametrize("has_code_fit", [True, False])
def test_the_file_fills_its_budget_within_a_hundredth(scene, budget, has_code_fit):
    config = MappingConfig(has_code_fit=has_code_fit)
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=budget, config=config)
    assert 0.99 * budget <= file_bytes(scene_map) <= budget


def test_the_smallest_possible_size_is_named_and_holds_a_map(scene):
    with pytest.raises(OptionError, match="do not hold a map") as refusal:
        map_of_scene(scene, SOURCE, budget_bytes=50)
    smallest = int(re.search(r"at least (\d+) bytes", str(refusal.value))[1])
    assert map_of_scene(scene, SOURCE, budget_bytes=smallest).num_codes == 30
    with pytest.raises(OptionError, match=f"at least {smallest} bytes"):
        map_of_scene(scene, SOURCE, budget_bytes=smallest - 1)


def test_a_budget_for_more_codes_than_points_gives_each_near_point_a_code(scene):
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    assert scene_map.num_codes == near_points(scene.points.xyz_in_world).sum()


def test_anchors_stay_within_half_a_step_of_points(scene):
    scene_map = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    half_steps = np.full(3, scene_map.header["layout"]["e"] / 2)
    gap = np.abs(scene_map.anchors_in_world[:, None] - scene.points.xyz_in_world[None])
    nearest = gap[np.arange(len(gap)), gap.sum(axis=2).argmin(axis=1)]
    assert (nearest <= half_steps * 1.001).all()


def test_bytes_that_no_point_can_use_make_codes_and_anchors_finer(scene):
    scarce = map_of_scene(scene, SOURCE, budget_bytes=2_000)
    plenty = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    assert max(plenty.reader.codes.axis_bits) == 18 > max(scarce.reader.codes.axis_bits)
    assert plenty.header["layout"]["z"] == 8 > scarce.header["layout"]["z"]


def test_anchors_of_a_very_small_map_have_steps_of_two_pixels(scene):
    small, larger = (map_of_scene(scene, SOURCE, budget_bytes=b) for b in (1_000, 2_000))
    steps = [m.header["layout"]["e"] for m in (small, larger)]
    assert steps[0] == pytest.approx(4 * steps[1], rel=0.05)


def test_each_voxel_with_points_keeps_a_code(scene):
    config = MappingConfig(has_code_fit=False, voxel_side=1.2)
    codes = map_of_scene(scene, SOURCE, budget_bytes=900, config=config).reader.codes
    assert len(codes.cells) >= 4
    assert np.bincount(codes.voxel_idx, minlength=len(codes.cells)).min() >= 1


def test_a_map_that_needs_less_than_its_budget_says_so(scene):
    plenty = map_of_scene(scene, SOURCE, budget_bytes=1_000_000)
    assert f"All {plenty.num_codes} points" in plenty.warnings[0]
    assert str(file_bytes(plenty)) in plenty.warnings[0]
    assert map_of_scene(scene, SOURCE, budget_bytes=2_000).warnings == ()


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
    fitted = map_of_scene(scene, SOURCE, budget_bytes=2_000)
    plain = map_of_scene(
        scene, SOURCE, budget_bytes=2_000, config=MappingConfig(has_code_fit=False)
    )
    num_shared = min(fitted.num_codes, plain.num_codes)
    assert num_shared > 0.95 * max(fitted.num_codes, plain.num_codes)
    by_place = [
        {
            tuple(xyz): tuple(row)
            for xyz, row in zip(m.anchors_in_world, m.reader.codes.levels, strict=True)
        }
        for m in (fitted, plain)
    ]
    shared = by_place[0].keys() & by_place[1].keys()
    assert len(shared) > 0.9 * num_shared
    assert any(by_place[0][xyz] != by_place[1][xyz] for xyz in shared)
    assert all((value == before[name]).all() for name, value in decoder.state_dict().items())


def test_the_same_seed_gives_the_same_map(scene):
    first = map_of_scene(scene, SOURCE, budget_bytes=2_500)
    second = map_of_scene(replace(scene), SOURCE, budget_bytes=2_500)
    np.testing.assert_array_equal(first.tensors["codes"], second.tensors["codes"])
    assert map_file_bytes(first.header, first.tensors) == map_file_bytes(
        second.header, second.tensors
    )
