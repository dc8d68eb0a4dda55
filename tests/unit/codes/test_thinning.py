import numpy as np
import pytest

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.thinning import (
    order_of_importance,
    spread_order,
    with_coarser_anchors,
    with_codes,
    with_fewer_levels,
)
from neumap.decoder.weights import load_anchored_decoder
from neumap.errors import MapFileError
from neumap.scene.voxels import VoxelGrid


def made_codes(count=300, *, code_bits=4, side=None, anchor_bits=12):
    rng = np.random.default_rng(0)
    xyz = rng.uniform(0, [4, 3, 2], (count, 3))
    levels = rng.integers(0, 2**code_bits, (count, 16))
    grid = VoxelGrid.from_points(xyz, side=side, min_points=1) if side else None
    return AnchoredCodes.from_points(
        xyz, levels, grid=grid, anchor_bits=anchor_bits, code_bits=code_bits
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 64, 100, 1023])
def test_every_number_is_taken_once(count):
    assert sorted(spread_order(count)) == list(range(count))


@pytest.mark.parametrize("count", [64, 100, 1000])
def test_any_first_part_is_spread_evenly(count):
    order = spread_order(count)
    for taken in (8, 30, count // 2, count - 1):
        gaps = np.diff(np.sort(order[:taken]), prepend=-1, append=count)
        assert gaps.max() <= 4 * count / taken + 1


def test_codes_that_stay_are_unchanged_and_voxels_without_codes_go():
    codes = made_codes(side=1.0)
    kept = np.flatnonzero(codes.voxel_idx % 3 != 1)[::2]
    some = with_codes(codes, kept[::-1], has_halvings=False)
    np.testing.assert_array_equal(some.anchors_in_world, codes.anchors_in_world[kept])
    np.testing.assert_array_equal(some.levels, codes.levels[kept])
    assert len(np.unique(some.voxel_idx)) == len(some.cells) < len(codes.cells)


@pytest.mark.parametrize("side", [None, 1.0])
def test_coarser_anchors_stay_within_half_the_new_step(side):
    codes = made_codes(side=side)
    coarser = with_coarser_anchors(codes, 9)
    assert max(coarser.axis_bits) == 9
    assert coarser.step == pytest.approx(8 * codes.step, rel=1e-12)
    np.testing.assert_allclose(coarser.extent, codes.extent)
    restored = AnchoredCodes.from_tensors(
        coarser.to_tensors(), layout=coarser.layout(), origin=coarser.origin
    )
    np.testing.assert_array_equal(restored.anchor_levels, coarser.anchor_levels)
    gaps = np.abs(coarser.anchors_in_world[:, None] - codes.anchors_in_world[None]).max(axis=2)
    assert (gaps.min(axis=1) <= coarser.step / 2).all()


def test_anchors_that_are_coarse_already_are_not_changed():
    codes = made_codes()
    np.testing.assert_array_equal(
        with_coarser_anchors(codes, 12).anchors_in_world, codes.anchors_in_world
    )


def test_fewer_levels_are_those_nearest_to_the_finer_values():
    space = load_anchored_decoder()[0].code_space
    codes = made_codes(code_bits=4)
    fewer = with_fewer_levels(codes, space, 4)
    assert fewer.code_bits == 2
    assert fewer.levels.max() <= 3
    values = space.with_levels(16).dequantise(codes.levels)
    gap = np.abs(space.with_levels(4).dequantise(fewer.levels) - values)
    every = space.with_levels(4).dequantise(np.repeat(np.arange(4)[:, None], 16, axis=1))
    assert (gap <= np.abs(every[:, None] - values[None]).min(axis=0) + 1e-6).all()


def test_more_levels_than_there_are_change_nothing():
    codes = made_codes(code_bits=2)
    assert with_fewer_levels(codes, load_anchored_decoder()[0].code_space, 16) is codes


def test_codes_that_outlast_more_halvings_come_first():
    codes = with_codes(
        made_codes(200), np.random.default_rng(0).permutation(200), has_halvings=True
    )
    order = order_of_importance(codes)
    assert sorted(order) == list(range(200))
    assert (np.diff(codes.halvings[order]) <= 0).all()
    assert np.bincount(codes.halvings).tolist()[:3] == [100, 50, 25]


def test_the_order_of_a_smaller_map_is_that_of_the_larger_one():
    codes = with_codes(
        made_codes(200), np.random.default_rng(0).permutation(200), has_halvings=True
    )
    half = with_codes(codes, order_of_importance(codes)[:100], has_halvings=True)
    quarter = order_of_importance(half)[:50]
    of_half = {tuple(xyz) for xyz in half.anchors_in_world[quarter]}
    of_all = {tuple(xyz) for xyz in codes.anchors_in_world[order_of_importance(codes)[:50]]}
    assert of_half == of_all


def test_halvings_are_stored_in_two_bits_a_code():
    codes = made_codes(1000)
    ordered = with_codes(codes, np.random.default_rng(0).permutation(1000), has_halvings=True)
    back = AnchoredCodes.from_tensors(
        ordered.to_tensors(), layout=ordered.layout(), origin=ordered.origin
    )
    np.testing.assert_array_equal(back.halvings, ordered.halvings)
    np.testing.assert_array_equal(back.levels, ordered.levels)
    spent = len(ordered.to_tensors()["codes"]) - len(codes.to_tensors()["codes"])
    assert 8 * spent == pytest.approx(2 * 1000, abs=40)
    with pytest.raises(MapFileError, match="order of kind 2"):
        AnchoredCodes.from_tensors(
            ordered.to_tensors(), layout={**ordered.layout(), "i": 2}, origin=ordered.origin
        )
