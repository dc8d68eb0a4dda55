"""Every budget is met within 2 % below or refused with the smallest size that is possible; where a
place cannot fill it, the map holds all that there is and says so."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_scene import made_views
from neumap.anchored_mapping import near_points
from neumap.codes.map_file import map_file_bytes
from neumap.compression import compress_map
from neumap.errors import OptionError
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene import Scene
from neumap.scene.pair_points import points_from_pairs
from neumap.scene.points_config import ScenePointsConfig

SOURCE = Source(layout="made", num_images=8, seed=0)
NO_FIT = MappingConfig(has_code_fit=False)
EXAMPLES = settings(max_examples=10, deadline=None)


@pytest.fixture(scope="module")
def scene():
    views = made_views(num_points=260).views
    points = points_from_pairs(views, ScenePointsConfig(), lambda stage, done, total: None)
    return Scene(views, points, "unknown")


@pytest.fixture(scope="module")
def largest(scene):
    return map_of_scene(scene, SOURCE, budget_bytes=10**6, config=NO_FIT)


@pytest.fixture(scope="module")
def medium(scene):
    """Finer than it needs to be, but not as fine as it could be."""
    return map_of_scene(scene, SOURCE, budget_bytes=4_500, config=NO_FIT)


def file_bytes(scene_map):
    return len(map_file_bytes(scene_map.header, scene_map.tensors))


def smallest_of(refusal):
    return int(re.search(r"at least (\d+) bytes", str(refusal.value))[1])


def assert_filled(made, budget, *, num_codes):
    assert file_bytes(made) <= budget
    if file_bytes(made) < 0.98 * budget:
        assert made.num_codes == num_codes
        assert f"{file_bytes(made)} bytes of {budget}" in made.warnings[0]
    else:
        assert made.warnings == ()


@EXAMPLES
@given(budget=st.integers(1_000, 7_000) | st.integers(7_000, 1_000_000))
def test_a_map_fills_every_budget_from_1_kB_to_1_MB(scene, largest, budget):
    made = map_of_scene(scene, SOURCE, budget_bytes=budget, config=NO_FIT)
    assert_filled(made, budget, num_codes=near_points(scene.points.xyz_in_world).sum())
    if made.warnings:  # then codes are as fine as those of a far larger budget
        assert made.header["layout"]["z"] == largest.header["layout"]["z"]
        assert made.reader.codes.axis_bits == largest.reader.codes.axis_bits


@EXAMPLES
@given(budget=st.integers(1, 999))
def test_a_budget_below_1_kB_is_met_or_refused_with_the_smallest_size(scene, budget):
    with pytest.raises(OptionError, match="do not hold") as refusal:
        map_of_scene(scene, SOURCE, budget_bytes=1, config=NO_FIT)
    smallest = smallest_of(refusal)
    if budget < smallest:
        with pytest.raises(OptionError, match=f"at least {smallest} bytes"):
            map_of_scene(scene, SOURCE, budget_bytes=budget, config=NO_FIT)
        return
    made = map_of_scene(scene, SOURCE, budget_bytes=budget, config=NO_FIT)
    assert 0.98 * budget <= file_bytes(made) <= budget


@EXAMPLES
@given(share=st.floats(0, 1))
def test_a_compressed_map_fills_every_budget(largest, share):
    with pytest.raises(OptionError, match="do not hold") as refusal:
        compress_map(largest, budget_bytes=1)
    first, last = smallest_of(refusal), file_bytes(largest) - 1
    budget = round(first ** (1 - share) * last**share)
    assert 0.98 * budget <= file_bytes(compress_map(largest, budget_bytes=budget)) <= budget


@EXAMPLES
@given(share=st.floats(0, 1))
def test_a_compressed_map_is_no_finer_than_its_source(medium, share):
    budget = round(1_000 ** (1 - share) * (file_bytes(medium) - 1) ** share)
    smaller = compress_map(medium, budget_bytes=budget)
    assert_filled(smaller, budget, num_codes=medium.num_codes)
    before, after = medium.reader.codes, smaller.reader.codes
    assert after.code_bits <= before.code_bits
    assert max(after.axis_bits) <= max(before.axis_bits)
