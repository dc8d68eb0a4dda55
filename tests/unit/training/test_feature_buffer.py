import numpy as np
import pytest
import torch

from neumap.errors import MappingError
from neumap.scene.voxels import VoxelGrid
from neumap.training.feature_buffer import BatchConfig, FeatureBuffer


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def buffer_of(scene, side=None, min_points=5) -> FeatureBuffer:
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=side, min_points=min_points)
    return FeatureBuffer(scene, grid, min_points_per_view=min_points)


def test_targets_labels_and_voxels_agree(make_scene):
    buffer = buffer_of(make_scene(), side=2.0)
    config = BatchConfig(voxels=3, views_per_voxel=4, pixels_per_view=30)
    batch = buffer.draw(config, generator=generator())
    world = batch.xyz_in_voxel.double().numpy() + buffer.grid.frame_origins[
        batch.voxel_idx.numpy()
    ].reshape(-1, 1, 3)
    holder = buffer.grid.voxel_idx(world.reshape(-1, 3)).reshape(world.shape[:2])
    valid = batch.is_valid.numpy()
    is_own = holder == batch.voxel_idx.numpy()[:, None]
    np.testing.assert_array_equal(is_own[valid], batch.is_in_voxel.numpy()[valid])
    assert np.isfinite(world[batch.is_in_voxel.numpy()]).all()


def test_an_epoch_visits_each_voxel_once(make_scene):
    buffer = buffer_of(make_scene(), side=2.0)
    config = BatchConfig(voxels=1, views_per_voxel=1, pixels_per_view=2)
    source = generator()
    count = len(buffer.grid)
    drawn = [int(buffer.draw(config, generator=source).voxel_idx) for _ in range(2 * count)]
    assert count > 2
    assert sorted(drawn[:count]) == list(range(count))
    assert sorted(drawn[count:]) == list(range(count))


def test_a_batch_holds_no_voxel_twice(make_scene):
    buffer = buffer_of(make_scene(), side=2.0)
    count = len(buffer.grid)
    config = BatchConfig(voxels=count - 1, views_per_voxel=1, pixels_per_view=2)
    source = generator()
    for _ in range(6):
        drawn = buffer.draw(config, generator=source).voxel_idx.tolist()
        assert len(set(drawn)) == count - 1


def test_a_batch_mixes_views(make_scene):
    batch = buffer_of(make_scene()).draw(BatchConfig(), generator=generator())
    assert set(batch.view_idx.flatten().tolist()) == set(range(6))


def test_descriptors_belong_to_their_rays(make_scene):
    scene = make_scene()
    batch = buffer_of(scene).draw(BatchConfig(views_per_voxel=3), generator=generator())
    for entry in range(0, batch.xy_cam.shape[1], 7):
        view = scene.views[int(batch.view_idx[0, entry])]
        gap = np.abs(view.xy_cam - batch.xy_cam[0, entry].numpy()).max(axis=1)
        expected = view.features.descriptors[gap.argmin()]
        np.testing.assert_allclose(batch.descriptors[0, entry], expected, atol=1e-3)


def test_a_scene_no_view_sees_enough_of_raises(make_scene):
    scene = make_scene(num_points=30)
    grid = VoxelGrid.from_points(scene.points.xyz_in_world)
    with pytest.raises(MappingError, match="no view sees 100"):
        FeatureBuffer(scene, grid, min_points_per_view=100)


def test_a_voxel_that_no_view_sees_is_left_out(make_scene):
    scene = make_scene()
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=2.0, min_points=1)
    buffer = FeatureBuffer(scene, grid, min_points_per_view=15)
    assert 0 < len(buffer.grid) < len(grid)
    assert len(buffer.voxel_frames().origins) == len(buffer.grid)
    config = BatchConfig(voxels=len(grid), views_per_voxel=2, pixels_per_view=20)
    batch = buffer.draw(config, generator=generator())
    assert len(batch.voxel_idx) == len(buffer.grid)
    assert batch.is_in_voxel.any(dim=1).all()


def test_frames_have_the_points_spread_or_one_as_unit(make_scene):
    buffer = buffer_of(make_scene())
    assert buffer.voxel_frames(is_normalised=False).lengths.tolist() == [1.0]
    assert 1.0 < buffer.voxel_frames().lengths[0] < 3.0


def test_an_impossible_batch_raises():
    with pytest.raises(ValueError, match="below 1"):
        BatchConfig(voxels=0)
    with pytest.raises(ValueError, match="in_voxel_share"):
        BatchConfig(in_voxel_share=0.0)
