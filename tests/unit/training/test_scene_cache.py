import numpy as np
import pytest

from neumap.errors import DataError
from neumap.training.scene_cache import (
    TrainingScene,
    load_training_scene,
    save_training_scene,
)


@pytest.fixture
def made(make_scene) -> TrainingScene:
    scene = make_scene(0, num_points=60, num_views=4)
    queries = make_scene(0, num_points=60, num_views=5).views[4:]
    depths = tuple(np.full(len(view.features), 2.0) for view in (*scene.views, *queries))
    return TrainingScene("a/b", scene, queries, depths, (1.0, 2.0, 3.0, 4.0, 5.0))


def test_a_scene_comes_back_as_it_was_written(made, tmp_path):
    save_training_scene(made, tmp_path / "s.safetensors")
    read = load_training_scene(tmp_path / "s.safetensors")
    assert (read.name, read.brightness) == (made.name, made.brightness)
    assert len(read.scene.views) == 4
    assert len(read.queries) == 1
    for own, other in zip(made.views, read.views, strict=True):
        assert (own.name, own.camera) == (other.name, other.camera)
        np.testing.assert_array_equal(own.cam_from_world.matrix, other.cam_from_world.matrix)
        np.testing.assert_array_equal(own.features.xy_img, other.features.xy_img)
        np.testing.assert_allclose(own.features.descriptors, other.features.descriptors, atol=1e-3)
    np.testing.assert_array_equal(made.scene.points.xyz_in_world, read.scene.points.xyz_in_world)
    np.testing.assert_array_equal(made.scene.points.obs_pixel_idx, read.scene.points.obs_pixel_idx)
    np.testing.assert_array_equal(np.concatenate(made.depths), np.concatenate(read.depths))


def test_a_cut_file_is_a_typed_error(made, tmp_path):
    path = tmp_path / "s.safetensors"
    save_training_scene(made, path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match="damaged"):
        load_training_scene(path)
