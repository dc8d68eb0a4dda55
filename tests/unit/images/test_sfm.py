import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.errors import DataError, MappingError
from neumap.geometry import Similarity
from neumap.images import pose_photos, read_images
from neumap.images.sfm import find_photos


def test_bare_photos_are_posed_up_to_a_similarity(room_capture, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    truth = {Path(image.name).name: image for image in read_images(room_capture).images[:10]}
    for name, image in truth.items():
        shutil.copy(image.path, folder / name)
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    before = sorted(folder.iterdir())
    image_set = pose_photos(folder, workspace=tmp_path / "work")
    assert sorted(folder.iterdir()) == before
    assert (image_set.layout, image_set.units) == ("sfm", "unknown")
    warnings = " ".join(image_set.warnings)
    assert "unit of length is unknown" in warnings
    assert "noise.png" in warnings
    assert len(image_set.images) >= 8
    centers = _centers(image_set.images)
    expected = _centers(truth[image.name] for image in image_set.images)
    aligned = Similarity.fit(centers, expected).apply(centers)
    # 3 % of the path: the principal point is off centre, which bundle adjustment does not refine
    assert np.linalg.norm(aligned - expected, axis=1).max() < 0.03 * np.ptp(expected)
    assert len({image.camera for image in image_set.images}) == 1


def _centers(images):
    return np.array([image.cam_from_world.center_in_source for image in images])


def test_photos_of_nothing_in_common_are_a_mapping_error(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(4):
        noise = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{index}.png")
    with pytest.raises(MappingError, match="no photos could be posed together"):
        pose_photos(folder, workspace=tmp_path / "work")


def test_unreadable_photos_are_all_named_before_any_work(tmp_path):
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_text("no photo")
    with pytest.raises(DataError) as caught:
        pose_photos(tmp_path, workspace=tmp_path / "work")
    assert len(caught.value.faults) == 2
    assert not (tmp_path / "work").exists()


def test_too_few_photos_are_a_data_error(tmp_path):
    with pytest.raises(DataError, match="has 0 photos"):
        pose_photos(tmp_path, workspace=tmp_path / "work")


def test_photos_are_found_below_folders_and_hidden_files_are_not(tmp_path):
    for name in ("b.JPG", "sub/a.png", ".hidden/c.jpg", "sub/.d.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert find_photos(tmp_path) == ("b.JPG", "sub/a.png")
