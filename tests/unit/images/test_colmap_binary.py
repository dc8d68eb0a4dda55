import struct

import numpy as np
import pycolmap
import pytest

from neumap.errors import DataError
from neumap.geometry.camera import PARAM_NAMES
from neumap.images.colmap_binary import read_binary_model
from neumap.images.colmap_model import CAMERA_MODEL_IDS
from neumap.images.colmap_text import read_text_model


def _rig_model() -> pycolmap.Reconstruction:
    """Two cameras on a rig, as COLMAP 4 stores them."""
    pycolmap.set_random_seed(0)
    options = pycolmap.SyntheticDatasetOptions()
    options.num_rigs, options.num_cameras_per_rig = 1, 2
    options.num_frames_per_rig, options.num_points3D = 3, 2
    options.num_points2D_without_point3D = 0
    return pycolmap.synthesize_dataset(options)


@pytest.fixture
def rig_folder(tmp_path):
    model = _rig_model()
    model.write_binary(tmp_path)
    model.write_text(tmp_path)
    return tmp_path


def test_model_numbers_and_parameters_agree_with_pycolmap():
    for number, name in CAMERA_MODEL_IDS.items():
        assert int(pycolmap.CameraModelId.__members__[name]) == number
        camera = pycolmap.Camera.create_from_model_name(1, name, 100.0, 64, 48)
        assert len(camera.params) == len(PARAM_NAMES[name])


@pytest.mark.parametrize("read", [read_binary_model, read_text_model])
def test_rig_poses_and_cameras_agree_with_pycolmap(rig_folder, read):
    model = read(rig_folder)
    reference = pycolmap.Reconstruction(rig_folder)
    assert len(model.images) == reference.num_reg_images() == 6
    for image in model.images:
        expected = reference.find_image_with_name(image.name)
        matrix = expected.cam_from_world().matrix()
        np.testing.assert_allclose(image.cam_from_world.matrix[:3], matrix, atol=1e-9)
        camera = model.cameras[image.camera_id]
        np.testing.assert_allclose(camera.params, expected.camera.params)
        assert (camera.width, camera.height) == (expected.camera.width, expected.camera.height)


@pytest.mark.parametrize("name", ["cameras.bin", "images.bin"])
def test_every_cut_is_refused_with_file_and_byte(rig_folder, name):
    content = (rig_folder / name).read_bytes()
    for length in range(len(content)):
        (rig_folder / name).write_bytes(content[:length])
        with pytest.raises(DataError, match=rf"{name}, byte \d+"):
            read_binary_model(rig_folder)


@pytest.mark.parametrize("name", ["cameras.bin", "images.bin"])
def test_bytes_after_the_content_are_refused(rig_folder, name):
    with (rig_folder / name).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DataError, match="1 bytes follow the content"):
        read_binary_model(rig_folder)


def test_an_impossible_count_is_refused_without_allocating(rig_folder):
    path = rig_folder / "images.bin"
    path.write_bytes(struct.pack("<Q", 2**62) + path.read_bytes()[8:])
    with pytest.raises(DataError, match="more than the file can hold"):
        read_binary_model(rig_folder)


def test_changed_bytes_never_escape_the_typed_error(rig_folder):
    rng = np.random.default_rng(0)
    for name in ("cameras.bin", "images.bin"):
        content = (rig_folder / name).read_bytes()
        for _ in range(200):
            damaged = bytearray(content)
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
            (rig_folder / name).write_bytes(damaged)
            try:
                model = read_binary_model(rig_folder)
            except DataError:
                continue
            assert len(model.images) == 6
        (rig_folder / name).write_bytes(content)


def test_an_unknown_camera_model_is_named(tmp_path):
    (tmp_path / "cameras.bin").write_bytes(struct.pack("<QIiQQ3d", 1, 7, 17, 64, 48, 60, 32, 24))
    (tmp_path / "images.bin").write_bytes(struct.pack("<Q", 0))
    with pytest.raises(DataError, match="camera 7 has the unknown model number 17"):
        read_binary_model(tmp_path)
