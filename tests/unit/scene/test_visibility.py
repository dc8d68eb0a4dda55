import numpy as np
import pytest

from neumap.features import LocalFeatures
from neumap.geometry import Camera, RigidTransform
from neumap.scene import MappingView, Scene, ScenePoints
from neumap.scene.visibility import VoxelVisibility
from neumap.scene.voxels import VoxelGrid


def two_voxel_scene() -> tuple[Scene, VoxelGrid]:
    """View 0 sees 4 points of voxel 0 (one of them twice), view 1 sees 2 of it and 4 of voxel 1."""
    xyz = np.concatenate([np.full((4, 3), 0.5), np.full((4, 3), 1.5)])
    obs = [(p, 0, p) for p in range(4)] + [(0, 0, 9)] + [(p, 1, p) for p in (0, 1, 4, 5, 6, 7)]
    point, view, pixel = np.array(sorted(obs)).T
    camera = Camera.pinhole(64, 48, fx=50.0, fy=50.0, cx=32.0, cy=24.0)
    features = LocalFeatures(np.ones((10, 2)), np.ones((10, 4), np.float32), np.ones(10, "f"))
    pose = RigidTransform.identity()
    views = [MappingView(n, camera, pose, features, np.ones((10, 2))) for n in "ab"]
    points = ScenePoints(xyz, np.ones((8, 4), np.float32), point, view, pixel)
    cells = np.array([[0, 0, 0], [1, 1, 1]])
    return Scene(tuple(views), points, "metre"), VoxelGrid(np.zeros(3), 1.0, cells, cells + 0.5)


def test_a_view_sees_a_voxel_from_the_minimum_of_distinct_points():
    seen = VoxelVisibility.from_scene(*two_voxel_scene(), min_points=4)
    assert seen.views_of(0).tolist() == [0]
    assert seen.views_of(1).tolist() == [1]
    assert seen.voxels_of(1).tolist() == [1]
    assert seen.pair_num_points.tolist() == [4, 4]


def test_a_lower_minimum_adds_pairs():
    seen = VoxelVisibility.from_scene(*two_voxel_scene(), min_points=2)
    assert seen.views_of(0).tolist() == [0, 1]
    assert seen.pair_num_points.tolist() == [4, 2, 4]


def test_a_voxel_no_view_sees_has_no_views():
    seen = VoxelVisibility.from_scene(*two_voxel_scene(), min_points=5)
    assert len(seen) == 0
    assert len(seen.views_of(0)) == 0


def test_unknown_voxels_and_views_raise():
    seen = VoxelVisibility.from_scene(*two_voxel_scene())
    with pytest.raises(ValueError, match="voxel 2"):
        seen.views_of(2)
    with pytest.raises(ValueError, match="view -1"):
        seen.voxels_of(-1)
