import numpy as np
import pytest

from made_scene import made_views
from neumap.accuracy_forecast import forecast_accuracy, held_out_views, scene_without
from neumap.anchored_mapping import AnchoredMappingConfig
from neumap.decoder.weights import load_anchored_decoder
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene import Scene
from neumap.scene.pair_points import points_from_pairs
from neumap.scene.points_config import ScenePointsConfig


@pytest.fixture(scope="module")
def scene():
    views = made_views(num_points=500, angles_deg=tuple(range(-35, 37, 3))).views
    points = points_from_pairs(views, ScenePointsConfig(), lambda stage, done, total: None)
    return Scene(views, points, "unknown")


def test_what_held_out_views_saw_is_forgotten(scene):
    held = held_out_views(len(scene.views), 12)
    rest = scene_without(scene, held)
    assert len(held) == 4
    assert not np.isin(rest.points.obs_view_idx, held).any()
    assert (rest.points.num_observations() >= 2).all()
    assert len(rest.points.descriptors) == len(rest.points.xyz_in_world) == len(rest.points)


def test_of_many_views_neighbours_are_left_out_but_two_thirds_stay():
    held = held_out_views(700, 12)
    reach = 700 // (6 * len(held))
    assert reach == 9
    assert len(held) * (2 * reach + 1) <= 700 / 3 + len(held)


def test_errors_are_told_for_sizes_from_a_kilobyte_on(scene):
    decoder, _ = load_anchored_decoder()
    source = Source(layout="made", num_images=24, seed=0)
    header = map_of_scene(
        scene, source, budget_bytes=2_400, config=MappingConfig(has_code_fit=False)
    ).header
    found = forecast_accuracy(
        scene, decoder, header, budget_bytes=2_400, config=AnchoredMappingConfig(), num_photos=12
    )
    assert found is not None
    assert [size.map_bytes for size in found.sizes] == [1_200, 2_400]
    assert found.num_photos == 4
    assert np.isfinite(found.all_points.median)


def test_a_few_views_tell_nothing(scene):
    decoder, _ = load_anchored_decoder()
    few = Scene(scene.views[:10], scene.points, "unknown")
    found = forecast_accuracy(
        few, decoder, {}, budget_bytes=2_000, config=AnchoredMappingConfig(), num_photos=12
    )
    assert found is None
