import re

import numpy as np
import pytest

from made_scene import made_views
from neumap.codes.map_file import map_file_bytes
from neumap.compression import compress_map
from neumap.errors import OptionError
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene import Scene
from neumap.scene.pair_points import points_from_pairs
from neumap.scene.points_config import ScenePointsConfig
from neumap.scene_map import Map

SOURCE = Source(layout="made", num_images=8, seed=0)


@pytest.fixture(scope="module")
def scene():
    views = made_views(num_points=600).views
    points = points_from_pairs(views, ScenePointsConfig(), lambda stage, done, total: None)
    return Scene(views, points, "unknown")


@pytest.fixture(scope="module", params=[None, 2.0], ids=["one voxel", "several voxels"])
def source(request, scene):
    config = MappingConfig(has_code_fit=False, voxel_side=request.param)
    return map_of_scene(scene, SOURCE, budget_bytes=2_500, config=config)


@pytest.fixture(scope="module")
def fine(scene):
    """A map with more levels and finer anchors than it needs."""
    config = MappingConfig(has_code_fit=False)
    return map_of_scene(scene, SOURCE, budget_bytes=1_000_000, config=config)


def file_bytes(scene_map):
    return len(map_file_bytes(scene_map.header, scene_map.tensors))


@pytest.mark.parametrize("budget", [1_000, 1_500, 2_400])
def test_the_smaller_map_fills_its_budget_within_a_hundredth(source, budget):
    smaller = compress_map(source, budget_bytes=budget)
    assert 0.99 * budget <= file_bytes(smaller) <= budget


def test_codes_that_stay_are_those_of_the_map(source):
    smaller = compress_map(source, budget_bytes=1_600)
    before = {tuple(xyz) for xyz in source.anchors_in_world.round(9)}
    assert {tuple(xyz) for xyz in smaller.anchors_in_world.round(9)} <= before
    assert smaller.header["layout"] == source.header["layout"]


def test_the_source_is_not_touched(source):
    before = map_file_bytes(source.header, source.tensors)
    compress_map(source, budget_bytes=1_200)
    assert map_file_bytes(source.header, source.tensors) == before


def test_the_same_map_gives_the_same_bytes(source):
    first, second = (compress_map(source, budget_bytes=1_300) for _ in range(2))
    np.testing.assert_array_equal(first.tensors["codes"], second.tensors["codes"])


def test_a_smaller_map_is_read_back_as_it_was_written(source, tmp_path):
    smaller = compress_map(source, budget_bytes=1_200)
    smaller.save(tmp_path / "smaller.neumap")
    loaded = Map.load(tmp_path / "smaller.neumap")
    np.testing.assert_array_equal(loaded.anchors_in_world, smaller.anchors_in_world)
    np.testing.assert_array_equal(loaded.reader.codes.levels, smaller.reader.codes.levels)


def test_what_fills_spare_bytes_goes_before_codes_go(fine):
    smaller = compress_map(fine, budget_bytes=int(0.9 * file_bytes(fine)))
    assert smaller.num_codes == fine.num_codes
    assert max(smaller.reader.codes.axis_bits) < max(fine.reader.codes.axis_bits)
    smallest = compress_map(fine, budget_bytes=1_000)
    assert smallest.header["layout"]["z"] == 2 < fine.header["layout"]["z"]
    assert max(smallest.reader.codes.axis_bits) == 10


def test_a_budget_no_less_than_the_map_is_refused(source):
    size = file_bytes(source)
    for budget in (size, size + 1, 10**9):
        with pytest.raises(OptionError, match=f"already smaller.*{size} bytes"):
            compress_map(source, budget_bytes=budget)
    assert file_bytes(compress_map(source, budget_bytes=size - 1)) < size


def test_the_smallest_possible_size_is_named_and_holds_a_map(source):
    with pytest.raises(OptionError, match="do not hold a map of 30 codes") as refusal:
        compress_map(source, budget_bytes=100)
    smallest = int(re.search(r"at least (\d+) bytes", str(refusal.value))[1])
    assert compress_map(source, budget_bytes=smallest).num_codes == 30
    with pytest.raises(OptionError, match=f"at least {smallest} bytes"):
        compress_map(source, budget_bytes=smallest - 1)
