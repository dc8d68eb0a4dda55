import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neumap.errors import MappingError
from neumap.scene.voxels import VoxelGrid

seeds = st.integers(0, 2**32 - 1)
sides = st.one_of(st.none(), st.floats(0.13, 7.3))
quick = settings(max_examples=40, deadline=None, derandomize=True)


def cloud(seed: int, count: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-1e5, 1e5, size=3)
    return centre + rng.normal(size=(count, 3)) * rng.uniform(0.5, 3.0, size=3)


@quick
@given(seeds, sides)
def test_every_kept_point_lies_in_the_bounds_of_its_one_voxel(seed, side):
    xyz = cloud(seed)
    grid = VoxelGrid.from_points(xyz, side=side, min_points=1)
    idx = grid.voxel_idx(xyz)
    low = grid.origin + grid.cells * grid.side
    tolerance = 1e-9 * (1 + np.abs(xyz).max())
    covered = (xyz[:, None] >= low - tolerance) & (xyz[:, None] <= low + grid.side + tolerance)
    own = covered.all(axis=2)[np.arange(len(xyz)), np.maximum(idx, 0)]
    assert own[idx >= 0].all()
    strictly = (xyz[:, None] > low + tolerance) & (xyz[:, None] < low + grid.side - tolerance)
    assert (strictly.all(axis=2).sum(axis=1) <= 1).all()
    if side is not None:
        assert (idx >= 0).all()


@quick
@given(seeds, sides)
def test_to_voxel_then_to_world_returns_the_point(seed, side):
    xyz = cloud(seed)
    grid = VoxelGrid.from_points(xyz, side=side, min_points=1)
    idx = grid.voxel_idx(xyz)
    xyz, idx = xyz[idx >= 0], idx[idx >= 0]
    local = grid.to_voxel(xyz, idx)
    assert local.dtype == np.float32
    # float32 of local coordinates below 50 units, though the world's reach 1e5
    np.testing.assert_allclose(grid.to_world(local, idx), xyz, atol=1e-5)
    moved = grid.world_from_voxel(idx).apply(local.astype(np.float64)[:, None])[:, 0]
    np.testing.assert_allclose(moved, xyz, atol=1e-5)


@quick
@given(seeds, st.integers(1, 4))
def test_merging_a_split_grid_gives_it_back_and_children_lie_in_their_parent(seed, factor):
    xyz = cloud(seed)
    grid = VoxelGrid.from_points(xyz, side=1.7, min_points=1)
    children = grid.split(factor)
    assert len(children) == len(grid) * factor**3
    merged = children.merged(factor)
    np.testing.assert_array_equal(merged.cells, grid.cells)
    assert merged.side == pytest.approx(grid.side)
    child, parent = children.voxel_idx(xyz), grid.voxel_idx(xyz)
    both = (child >= 0) & (parent >= 0)
    assert both.mean() > 0.99  # a point on a face may round to a neighbour that is not there
    np.testing.assert_array_equal(
        children.cells[child[both]] // factor == grid.cells[parent[both]], True
    )


@quick
@given(seeds, sides)
def test_frames_lie_at_the_mean_of_their_points(seed, side):
    xyz = cloud(seed)
    grid = VoxelGrid.from_points(xyz, side=side, min_points=1)
    idx = grid.voxel_idx(xyz)
    for voxel in range(len(grid)):
        mean = xyz[idx == voxel].mean(axis=0)
        np.testing.assert_allclose(grid.frame_origins[voxel], mean, rtol=1e-12)
    assert (grid.rms_radii(xyz) > 0).all()


def test_voxels_with_too_few_points_are_dropped():
    xyz = np.concatenate([cloud(0, 200), cloud(0, 200)[:3] + 500.0])
    grid = VoxelGrid.from_points(xyz, side=20.0, min_points=5)
    idx = grid.voxel_idx(xyz)
    assert (np.bincount(idx[idx >= 0], minlength=len(grid)) >= 5).all()
    assert (idx[-3:] == -1).all()


def test_one_voxel_holds_a_small_scene_without_its_outliers():
    xyz = np.concatenate([cloud(1, 1000), cloud(1, 1000)[:2] + 1e4])
    grid = VoxelGrid.from_points(xyz)
    assert len(grid) == 1
    idx = grid.voxel_idx(xyz)
    assert (idx[:-2] == 0).mean() > 0.97
    assert (idx[-2:] == -1).all()


def test_points_that_are_not_finite_are_in_no_voxel():
    xyz = cloud(2)
    xyz[::7] = np.nan
    xyz[1::7, 0] = np.inf
    idx = VoxelGrid.from_points(xyz, side=2.0, min_points=1).voxel_idx(xyz)
    assert (idx[::7] == -1).all()
    assert (idx[1::7] == -1).all()


def test_no_points_are_in_no_voxel_and_make_no_grid():
    grid = VoxelGrid.from_points(cloud(3))
    assert len(grid.voxel_idx(np.zeros((0, 3)))) == 0
    assert len(grid.to_voxel(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))) == 0
    with pytest.raises(MappingError, match="no scene points"):
        VoxelGrid.from_points(np.zeros((0, 3)))
    with pytest.raises(MappingError, match="holds 20"):
        VoxelGrid.from_points(cloud(3, 5))


def test_an_empty_grid_holds_nothing():
    grid = VoxelGrid.from_points(cloud(4)).kept(np.array([False]))
    assert len(grid) == 0
    assert (grid.voxel_idx(cloud(4)) == -1).all()


@pytest.mark.parametrize("unknown", [-1, 1, 99])
def test_an_unknown_voxel_raises(unknown):
    grid = VoxelGrid.from_points(cloud(5))
    idx = np.array([0, unknown])
    for call in (grid.to_voxel, grid.to_world):
        with pytest.raises(ValueError, match="voxel indices"):
            call(np.zeros((2, 3)), idx)
    with pytest.raises(ValueError, match="voxel indices"):
        grid.world_from_voxel(idx)


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_side_raises(side):
    with pytest.raises(ValueError, match="side"):
        VoxelGrid.from_points(cloud(6), side=side)


def test_repeated_cells_raise():
    with pytest.raises(ValueError, match="repeated"):
        VoxelGrid(np.zeros(3), 1.0, np.zeros((2, 3), dtype=np.int64), np.zeros((2, 3)))
