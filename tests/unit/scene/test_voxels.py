import numpy as np
import pytest

from neumap.scene.voxels import VoxelGrid


def test_a_fractional_side_gives_the_cells_that_floor_says():
    xyz = np.array([[0.0, 0.0, 0.0], [0.74, 0.0, 0.0], [0.76, 0.0, 0.0], [-0.01, 0.0, 0.0]])
    cells = np.array([[-1, 0, 0], [0, 0, 0], [1, 0, 0]])
    grid = VoxelGrid(np.zeros(3), 0.75, cells, np.zeros((3, 3)))
    assert grid.voxel_idx(xyz).tolist() == [1, 1, 2, 0]


def test_split_and_merge_refuse_a_factor_below_one():
    grid = VoxelGrid.from_points(np.random.default_rng(0).normal(size=(100, 3)))
    with pytest.raises(ValueError, match="factor"):
        grid.split(0)
    with pytest.raises(ValueError, match="factor"):
        grid.merged(0)


def test_coinciding_points_get_a_radius_from_the_side():
    grid = VoxelGrid.from_points(np.ones((30, 3)), side=2.0)
    assert grid.rms_radii(np.ones((30, 3))).tolist() == [1.0]
