"""Parts of a map that are read for a photo."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.town_readers import CodeChoices
from benchmarks.town_voxels import Query

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.decoder.places import PlaceConfig
from neumap.decoder.weights import load_anchored_decoder
from neumap.features import LocalFeatures
from neumap.scene.voxels import VoxelGrid
from neumap.scene_readers import AnchoredReader


class _Retrieved:
    """Chooses the same voxels for every photo."""

    def __init__(self, *voxels: int) -> None:
        self._voxels = np.array(voxels, dtype=np.int64)

    def of(self, features: LocalFeatures) -> np.ndarray:
        del features  # the same for every photo
        return self._voxels


@pytest.fixture(scope="module")
def reader() -> AnchoredReader:
    """400 codes in four cubes of 10 m in a row, a hundred in each; places of at most 50.

    What is read again is around each match, here all that was read at first.
    """
    decoder, _ = load_anchored_decoder("cpu")
    rng = np.random.default_rng(0)
    shifts = 10.0 * np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    xyz = np.concatenate([rng.uniform(0, 10, (100, 3)) + shift for shift in shifts])
    levels = rng.integers(0, decoder.code_space.num_levels, (400, decoder.code_space.num_values))
    codes = AnchoredCodes.from_points(xyz, levels)
    places = PlaceConfig(max_place_codes=50, min_codes=200, num_around=400)
    return AnchoredReader(decoder, codes, places)


@pytest.fixture(scope="module")
def grid() -> VoxelGrid:
    """The four cubes."""
    return _cubes()


def _cubes() -> VoxelGrid:
    cells = np.column_stack([np.arange(4), np.zeros((4, 2), dtype=np.int64)])
    return VoxelGrid(np.zeros(3), 10.0, cells, 10.0 * cells + 5.0)


def _query(reader: AnchoredReader, seen: list[int]) -> Query:
    """A photo of the codes of the third cube: descriptors that the decoder takes for them."""
    rng = np.random.default_rng(1)
    descriptors = rng.normal(size=(80, len(reader.decoder.mean))).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    xy = rng.uniform(0, 300, (80, 2))
    features = LocalFeatures(xy, descriptors, np.ones(80, dtype=np.float32))
    nearest = CodeChoices(reader, _cubes(), _Retrieved()).nearest_codes(features)
    return Query(None, features, np.array(seen, dtype=np.int64), nearest)


def test_codes_of_retrieved_voxels_are_read_and_no_others(reader, grid):
    choices = CodeChoices(reader, grid, _Retrieved(1, 3))
    is_read = choices.retrieved_voxels(_query(reader, [3]))
    cube = np.floor(reader.codes.anchors_in_world[:, 0] / 10).astype(int)
    np.testing.assert_array_equal(is_read, np.isin(cube, [1, 3]))


def test_all_codes_give_what_the_map_without_places_gives(reader, grid):
    query = _query(reader, [2])
    choices = CodeChoices(reader, grid, _Retrieved())
    whole = replace(reader, places=PlaceConfig(min_codes=1000))
    expected = whole.predict(query.features)
    found = choices.reader_of(choices.all_codes(query)).predict(query.features)
    np.testing.assert_array_equal(found.xyz_in_world, expected.xyz_in_world)


def test_places_are_those_that_the_reader_chooses_itself(reader, grid):
    query = _query(reader, [2])
    choices = CodeChoices(reader, grid, _Retrieved())
    is_read = choices.places(query)
    assert 0 < is_read.sum() < 400
    found = choices.reader_of(is_read).predict(query.features)
    expected = reader.predict(query.features)
    np.testing.assert_array_equal(found.xyz_in_world, expected.xyz_in_world)
    np.testing.assert_array_equal(found.pixel_idx, expected.pixel_idx)


def test_a_small_map_is_read_as_a_whole(reader, grid):
    small = replace(reader, places=PlaceConfig(min_codes=1000))
    choices = CodeChoices(small, grid, _Retrieved())
    assert choices.places(_query(reader, [2])).all()


def test_nothing_retrieved_reads_nothing_and_predicts_nothing(reader, grid):
    query = _query(reader, [2])
    choices = CodeChoices(reader, grid, _Retrieved())
    part = choices.reader_of(choices.retrieved_voxels(query))
    assert len(part.predict(query.features)) == 0
    assert len(part.guide(query.features).anchors_in_world) == 400


def test_figures_tell_what_is_read_of_the_map_and_of_the_right_voxel(reader, grid):
    choices = CodeChoices(reader, grid, _Retrieved(1, 3))
    queries = [_query(reader, [3, 0]), _query(reader, [0]), _query(reader, [])]
    row = choices.figures(queries, choices.retrieved_voxels)
    assert row == {
        "voxels_read_median": 2.0,
        "codes_read_median": 200.0,
        "right_voxel_codes_read_mean": 0.5,
    }
