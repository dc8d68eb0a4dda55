import numpy as np
import pytest

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.thinning import (
    spread_order,
    with_coarser_anchors,
    with_codes,
    with_fewer_levels,
)
from neumap.decoder.weights import load_anchored_decoder
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
    some = with_codes(codes, kept[::-1])
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
