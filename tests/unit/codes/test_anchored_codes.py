import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.codes.anchored_codes import AnchoredCodes, pack_bits, unpack_bits
from neumap.errors import MapFileError
from neumap.scene.voxels import VoxelGrid


def points(count=200, seed=0, spread=(4.0, 2.0, 3.0), offset=(0.0, 0.0, 0.0)):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, 3)) * spread + np.asarray(offset)


def levels(count=200, num_values=16, seed=1):
    return np.random.default_rng(seed).integers(0, 16, (count, num_values))


def read_back(codes, **changes):
    """Through tensors, the layout and the origin, some of them replaced."""
    tensors = {**codes.to_tensors(), **changes.pop("tensors", {})}
    tensors = {name: value for name, value in tensors.items() if value is not None}
    layout = {**codes.layout(), **changes}
    return AnchoredCodes.from_tensors(tensors, layout=layout, origin=codes.origin)


def assert_equal(a, b):
    for name in ("levels", "anchor_levels", "voxel_idx", "cells", "origin", "extent"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.anchor_bits == b.anchor_bits


@given(st.integers(1, 32), st.data())
def test_packing_and_unpacking_returns_the_numbers(bits, data):
    values = np.array(data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=40)), dtype=np.int64)
    stream = pack_bits(values, bits)
    assert len(stream) == (len(values) * bits + 7) // 8
    np.testing.assert_array_equal(unpack_bits(stream, bits, count=len(values)), values)


def test_the_bit_stream_is_big_endian():
    assert pack_bits(np.array([0b101, 0b011]), 3).tolist() == [0b10101100]


@pytest.mark.parametrize("bits", [8, 12, 15])
@pytest.mark.parametrize("offset", [(0.0, 0.0, 0.0), (4e6, 5e6, -300.0), (1e-3, -7.0, 120.0)])
def test_an_anchor_lies_within_half_a_step_of_its_point_also_far_from_the_origin(bits, offset):
    xyz = points(offset=offset)
    codes = AnchoredCodes.from_points(xyz, levels(), anchor_bits=bits)
    size = xyz.max(axis=0) - xyz.min(axis=0)
    np.testing.assert_allclose(codes.extent, size, rtol=5e-4)  # the box wastes no bits
    gap = np.abs(codes.anchors_in_world - xyz)
    assert (gap <= 0.5001 * codes.extent / 2**bits + 1e-9).all()


def test_the_boxs_numbers_are_short_so_that_the_header_is():
    codes = AnchoredCodes.from_points(points(offset=(17.123456, 0, 0)), levels())
    assert max(len(repr(float(v))) for v in codes.origin) <= 9
    assert max(len(repr(v)) for v in codes.layout()["e"]) <= 9


def test_codes_without_a_grid_keep_their_order_through_tensors():
    codes = AnchoredCodes.from_points(points(), levels())
    tensors = codes.to_tensors()
    assert sorted(tensors) == ["anchors", "codes"]
    assert tensors["codes"].nbytes == 200 * 8
    assert tensors["anchors"].nbytes == 200 * 36 // 8
    np.testing.assert_array_equal(codes.levels, levels())
    assert_equal(read_back(codes), codes)


def test_codes_of_several_voxels_come_back_with_their_boxes():
    xyz = points()
    grid = VoxelGrid.from_points(xyz, side=1.5, min_points=1)
    inside = grid.voxel_idx(xyz) >= 0
    codes = AnchoredCodes.from_points(xyz[inside], levels()[inside], grid=grid)
    assert len(codes.cells) > 3
    assert (np.diff(codes.voxel_idx) >= 0).all()
    assert_equal(read_back(codes), codes)
    order = np.argsort(grid.voxel_idx(xyz[inside]), kind="stable")
    gap = np.abs(read_back(codes).anchors_in_world - xyz[inside][order])
    assert gap.max() <= 0.5001 * 1.5 / 2**12
    np.testing.assert_array_equal(codes.levels, levels()[inside][order])


def test_a_single_voxel_away_from_cell_zero_comes_back_at_its_place():
    grid = VoxelGrid(np.zeros(3), 2.0, np.array([[3, -1, 0]]), np.zeros((1, 3)))
    xyz = points(spread=(0.9, 0.9, 0.9), offset=(7.0, -1.0, 1.0))
    codes = AnchoredCodes.from_points(xyz, levels(), grid=grid)
    assert np.abs(read_back(codes).anchors_in_world - xyz).max() <= 0.5001 * 2.0 / 2**12


def test_a_voxel_without_codes_stays_in_the_table():
    grid = VoxelGrid(np.zeros(3), 2.0, np.array([[0, 0, 0], [1, 0, 0]]), np.zeros((2, 3)))
    xyz = points(spread=(0.9, 0.9, 0.9), offset=(3.0, 1.0, 1.0))
    codes = AnchoredCodes.from_points(xyz, levels(), grid=grid)
    assert set(codes.voxel_idx) == {1}
    assert_equal(read_back(codes), codes)


def test_points_in_no_voxel_are_refused():
    grid = VoxelGrid(np.zeros(3), 1.0, np.array([[0, 0, 0]]), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="1 points lie in no voxel"):
        AnchoredCodes.from_points(np.array([[0.5] * 3, [1.5] * 3]), levels(2), grid=grid)


@pytest.mark.parametrize("count", [1, 2])
def test_points_that_coincide_have_a_box_too(count):
    xyz = np.tile([[3.0, -2.0, 1e4]], (count, 1))
    codes = AnchoredCodes.from_points(xyz, levels(count))
    np.testing.assert_allclose(codes.anchors_in_world, xyz, atol=1e-5)
    assert_equal(read_back(codes), codes)


def test_no_codes_come_back_as_none():
    codes = AnchoredCodes.from_points(points(), levels())
    none = {"codes": np.zeros((0, 8), np.uint8), "anchors": np.zeros(0, np.uint8)}
    back = read_back(codes, tensors=none)
    assert len(back) == 0
    assert back.levels.shape == (0, 16)
    assert back.anchors_in_world.shape == (0, 3)


MISFITS = {
    "no codes": {"tensors": {"codes": None}},
    "no anchors": {"tensors": {"anchors": None}},
    "flat codes": {"tensors": {"codes": np.zeros(1600, np.uint8)}},
    "wide codes": {"tensors": {"codes": np.zeros((200, 8), np.int32)}},
    "fewer codes": {"tensors": {"codes": np.zeros((199, 8), np.uint8)}},
    "cut anchors": {"tensors": {"anchors": np.zeros(899, np.uint8)}},
    "anchors in rows": {"tensors": {"anchors": np.zeros((900, 1), np.uint8)}},
    "wide anchors": {"tensors": {"anchors": np.zeros(900, np.uint16)}},
    "counts that do not add up": {"tensors": {"tables": np.array([[0, 0, 0, 199]])}},
    "a negative count": {"tensors": {"tables": np.array([[0, 0, 0, 201], [1, 0, 0, -1]])}},
    "counts that wrap around": {
        "tensors": {"tables": np.array([[i, 0, 0, 2**62] for i in range(4)] + [[9, 0, 0, 200]])}
    },
    "a narrow table": {"tensors": {"tables": np.array([[0, 0, 200]])}},
    "a table of fractions": {"tensors": {"tables": np.array([[0.0, 0.0, 0.0, 200.0]])}},
    "no bits": {"b": None},
    "too many bits": {"b": 33},
    "bits of another size": {"b": 11},
    "bits that are a truth value": {"b": True},
    "no extent": {"e": None},
    "two extents": {"e": [1.0, 1.0]},
    "an extent of zero": {"e": [1.0, 0.0, 1.0]},
    "an infinite extent": {"e": [1.0, float("inf"), 1.0]},
    "a worded extent": {"e": ["1", "x", "1"]},
    "nested extents": {"e": [[1.0], [1.0], [1.0]]},
}


@pytest.mark.parametrize("name", MISFITS)
def test_tensors_that_do_not_fit_are_a_map_file_error(name):
    codes = AnchoredCodes.from_points(points(), levels())
    with pytest.raises(MapFileError):
        read_back(codes, **MISFITS[name])
