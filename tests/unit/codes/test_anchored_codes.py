import numpy as np
import pytest

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.map_file import write_map_file
from neumap.codes.one_voxel import read_voxel
from neumap.codes.voxel_table import VoxelTable
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
    for name in ("levels", "anchor_levels", "voxel_idx", "cells", "origin"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert (a.step, a.axis_bits, a.code_bits) == (b.step, b.axis_bits, b.code_bits)


def assert_near_points(codes, xyz, levels_of_points):
    """Each anchor is within half a step of its point, and the values are the point's."""
    gap = np.abs(codes.anchors_in_world[:, None] - xyz[None])
    nearest = gap.sum(axis=2).argmin(axis=1)
    assert sorted(nearest) == list(range(len(xyz)))
    assert (gap[np.arange(len(xyz)), nearest] <= 0.5001 * codes.step + 1e-9).all()
    np.testing.assert_array_equal(codes.levels, levels_of_points[nearest])


@pytest.mark.parametrize("bits", [8, 12, 15])
@pytest.mark.parametrize("offset", [(0.0, 0.0, 0.0), (4e6, 5e6, -300.0), (1e-3, -7.0, 120.0)])
def test_an_anchor_lies_within_half_a_step_of_its_point_also_far_from_the_origin(bits, offset):
    xyz = points(offset=offset)
    codes = AnchoredCodes.from_points(xyz, levels(), anchor_bits=bits)
    size = xyz.max(axis=0) - xyz.min(axis=0)
    assert size.max() <= codes.extent.max() <= 1.03 * size.max()  # the box wastes no bits
    assert (codes.extent >= size).all()
    assert_near_points(codes, xyz, levels())


def test_shorter_edges_have_fewer_bits_at_the_same_step():
    codes = AnchoredCodes.from_points(points(spread=(4.0, 0.9, 0.2)), levels(), anchor_bits=12)
    assert codes.axis_bits == (12, 10, 8)


def test_the_boxs_numbers_are_short_so_that_the_header_is():
    codes = AnchoredCodes.from_points(points(offset=(17.123456, 0, 0)), levels())
    assert max(len(repr(float(v))) for v in codes.origin) <= 5
    assert len(repr(codes.layout()["e"])) <= 8


def test_codes_without_a_grid_come_back():
    codes = AnchoredCodes.from_points(points(), levels())
    tensors = codes.to_tensors()
    assert sorted(tensors) == ["codes"]
    assert_equal(read_back(codes), codes)
    num_anchor_bytes = codes.num_anchor_bytes()
    assert 200 * 2.5 < num_anchor_bytes < 200 * 36 / 8 - 100  # their order is not stored
    assert num_anchor_bytes + 200 * 8 < tensors["codes"].nbytes < num_anchor_bytes + 200 * 8.5


def test_neighbours_that_look_alike_take_fewer_bytes():
    xyz = points(count=1000)
    alike = np.clip((xyz @ np.random.default_rng(2).normal(size=(3, 16)) + 8).round(), 0, 15)
    codes = AnchoredCodes.from_points(xyz, alike.astype(np.int64))
    num_bytes = codes.to_tensors()["codes"].nbytes - codes.num_anchor_bytes()
    assert num_bytes < 0.8 * 1000 * 8
    assert_equal(read_back(codes), codes)


def test_bits_of_values_are_near_the_entropy_of_random_ones_and_below_it_of_alike_ones():
    xyz = points(600)
    coded, entropy = AnchoredCodes.from_points(xyz, levels(600), code_bits=4).value_bits()
    assert entropy == pytest.approx(4.0, abs=0.01)
    assert entropy <= coded < 1.1 * entropy
    alike = np.clip(np.round(8 + 2 * xyz[:, :1] + 0.0 * levels(600)), 0, 15).astype(np.int64)
    coded, entropy = AnchoredCodes.from_points(xyz, alike, code_bits=4).value_bits()
    assert coded < 0.8 * entropy


@pytest.mark.parametrize("code_bits", [1, 2, 3, 8])
def test_values_of_any_bits_come_back(code_bits):
    values = np.random.default_rng(0).integers(0, 2**code_bits, (50, 5))
    codes = AnchoredCodes.from_points(points(50), values, code_bits=code_bits)
    assert_equal(read_back(codes), codes)


def test_the_same_points_in_another_order_give_the_same_bytes():
    order = np.random.default_rng(3).permutation(200)
    first = AnchoredCodes.from_points(points(), levels()).to_tensors()
    second = AnchoredCodes.from_points(points()[order], levels()[order]).to_tensors()
    np.testing.assert_array_equal(first["codes"], second["codes"])


def test_codes_of_several_voxels_come_back_with_their_boxes():
    xyz = points()
    grid = VoxelGrid.from_points(xyz, side=1.5, min_points=1)
    inside = grid.voxel_idx(xyz) >= 0
    codes = AnchoredCodes.from_points(xyz[inside], levels()[inside], grid=grid)
    assert len(codes.cells) > 3
    assert (np.diff(codes.voxel_idx) >= 0).all()
    assert_equal(read_back(codes), codes)
    assert_near_points(read_back(codes), xyz[inside], levels()[inside])


HEADER = {
    "units": "metre",
    "decoder": "0123456789abcdef",
    "extractor": "fedcba98",
    "provenance": {"seed": 0},
}


def written(codes, path):
    layout = {"k": "anchored", "q": 2000, **codes.layout()}
    header = {**HEADER, "origin": [float(v) for v in codes.origin], "layout": layout}
    write_map_file(path, header, codes.to_tensors())


@pytest.fixture
def voxels(tmp_path):
    """Codes of several voxels and their map file."""
    xyz = points(1000)
    grid = VoxelGrid.from_points(xyz, side=1.5, min_points=1)
    inside = grid.voxel_idx(xyz) >= 0
    codes = AnchoredCodes.from_points(xyz[inside], levels(1000)[inside], grid=grid)
    path = tmp_path / "voxels.neumap"
    written(codes, path)
    return codes, path


def test_one_voxel_is_read_without_the_others(voxels, monkeypatch):
    codes, path = voxels
    whole, lengths = path.stat().st_size, []
    monkeypatch.setattr(
        "neumap.codes.map_file._bytes_at",
        lambda path, begin, count: lengths.append(count) or path.read_bytes()[begin:][:count],
    )
    for voxel in range(len(codes.cells)):
        lengths.clear()
        alone = read_voxel(path, voxel)
        own = codes.voxel_idx == voxel
        np.testing.assert_array_equal(alone.levels, codes.levels[own])
        np.testing.assert_array_equal(alone.anchors_in_world, codes.anchors_in_world[own])
        assert sum(lengths) < 0.4 * whole


def test_a_changed_voxel_is_found_where_it_is_read_alone(voxels):
    codes, path = voxels
    good = path.read_bytes()
    tensors = codes.to_tensors()
    begin = good.index(tensors["codes"].tobytes())
    (size, *_) = VoxelTable.from_bytes(tensors["tables"].tobytes()).sizes
    for bit in range(8 * begin, 8 * (begin + size)):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        with pytest.raises(MapFileError):
            read_voxel(path, 0)


def test_voxels_that_are_not_there_are_refused(voxels, tmp_path):
    codes, path = voxels
    for voxel in (-1, len(codes.cells)):
        with pytest.raises(ValueError, match="is not one of"):
            read_voxel(path, voxel)
    single = tmp_path / "single.neumap"
    written(AnchoredCodes.from_points(points(), levels()), single)
    with pytest.raises(MapFileError, match="no table"):
        read_voxel(single, 0)


def test_a_single_voxel_away_from_cell_zero_comes_back_at_its_place():
    grid = VoxelGrid(np.zeros(3), 2.0, np.array([[3, -1, 0]]), np.zeros((1, 3)))
    xyz = points(spread=(0.9, 0.9, 0.9), offset=(7.0, -1.0, 1.0))
    codes = AnchoredCodes.from_points(xyz, levels(), grid=grid)
    assert_near_points(read_back(codes), xyz, levels())


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
    grid = VoxelGrid(np.zeros(3), 2.0, np.array([[0, 0, 0]]), np.zeros((1, 3)))
    codes = AnchoredCodes.from_points(np.zeros((0, 3)), levels(0), grid=grid)
    back = read_back(codes)
    assert len(back) == 0
    assert back.levels.shape == (0, 16)
    assert back.anchors_in_world.shape == (0, 3)


def test_many_codes_at_one_place_come_back():
    codes = AnchoredCodes.from_points(np.zeros((3000, 3)), np.zeros((3000, 16), dtype=np.int64))
    assert_equal(read_back(codes), codes)


def table(*rows):
    return {"tensors": {"tables": np.frombuffer(bytes(rows), dtype=np.uint8)}}


MISFITS = {
    "no codes": {"tensors": {"codes": None}},
    "codes in rows": {"tensors": {"codes": np.zeros((160, 8), np.uint8)}},
    "wide codes": {"tensors": {"codes": np.zeros(200, np.int32)}},
    "no bytes": {"tensors": {"codes": np.zeros(0, np.uint8)}},
    "too many bits": {"tensors": {"codes": np.array([25, 0, 0, 0], np.uint8)}},
    "too many bits in all": {"tensors": {"codes": np.array([22, 21, 21, 0], np.uint8)}},
    "a count without end": {"tensors": {"codes": np.array([9, 9, 9, *[255] * 9], np.uint8)}},
    "more codes than bytes": {
        "tensors": {"codes": np.array([9, 9, 9, 255, 255, 255, 127, 0], np.uint8)}
    },
    "a table of other bytes": table(0, 0, 0, 5, 1, 2, 3, 4),
    "a cut table": table(0, 0, 0, 5, 1, 2),
    "a table without end": table(255, 255, 255, 255, 255, 255, 255, 255),
    "no voxels": {"tensors": {"codes": np.zeros(0, np.uint8), "tables": np.zeros(0, np.uint8)}},
    "no bits": {"z": None},
    "nine bits": {"z": 9},
    "bits that are a truth value": {"z": True},
    "no values": {"w": 0},
    "values that are a truth value": {"w": True},
    "no step": {"e": None},
    "a step of zero": {"e": 0.0},
    "an infinite step": {"e": float("inf")},
    "a worded step": {"e": "1"},
    "a step that is a truth value": {"e": True},
}


@pytest.mark.parametrize("name", MISFITS)
def test_tensors_that_do_not_fit_are_a_map_file_error(name):
    codes = AnchoredCodes.from_points(points(), levels())
    with pytest.raises(MapFileError):
        read_back(codes, **MISFITS[name])


def test_voxels_of_different_bits_are_a_map_file_error():
    grid = VoxelGrid(np.zeros(3), 2.0, np.array([[0, 0, 0], [1, 0, 0]]), np.zeros((2, 3)))
    coarse, fine = (
        AnchoredCodes.from_points(np.ones((1, 3)), levels(1), grid=grid, anchor_bits=bits)
        for bits in (10, 11)
    )
    streams = [coarse.to_tensors()["codes"].tobytes(), fine.to_tensors()["codes"].tobytes()]
    cells = np.zeros((2, 3), dtype=np.int64)
    with pytest.raises(ValueError, match="of different bits"):
        AnchoredCodes.from_streams(streams, cells=cells, layout=fine.layout(), origin=np.zeros(3))


def test_a_key_of_the_layout_that_is_not_known_is_refused_by_its_name():
    codes = AnchoredCodes.from_points(points(), levels())
    with pytest.raises(MapFileError, match="not known: y"):
        read_back(codes, y=1)


@pytest.mark.parametrize("anchor_bits", [9.3, 11.99])
def test_steps_need_not_be_halved(anchor_bits):
    codes = AnchoredCodes.from_points(points(), levels(), anchor_bits=anchor_bits)
    longest = np.ptp(points(), axis=0).max()
    assert codes.step == pytest.approx(longest / 2**anchor_bits, rel=0.02)
    assert_equal(read_back(codes), codes)
