import shutil

import pytest

from neumap.errors import DataError
from neumap.images import read_images
from neumap.images.colmap_reader import MODEL_FOLDERS, find_model


@pytest.mark.parametrize("folder", MODEL_FOLDERS)
def test_models_are_found_in_all_usual_places(write_layout, folder):
    root = write_layout("colmap_text")
    model = root / "elsewhere"
    (root / "sparse").rename(model)
    target = root / folder
    target.mkdir(parents=True, exist_ok=True)
    for path in model.iterdir():
        shutil.move(path, target / path.name)
    found = find_model(root)
    assert found is not None
    assert found.resolve() == target.resolve()
    assert len(read_images(root).images) == 6


def test_photos_may_lie_beside_the_model_without_images_folder(write_layout):
    root = write_layout("colmap_text")
    for path in (root / "images").iterdir():
        path.rename(root / path.name)
    assert read_images(root).images[0].name == "000.png"


def test_an_image_of_an_unknown_camera_is_named_beside_other_faults(write_layout):
    root = write_layout("colmap_text")
    path = root / "sparse" / "images.txt"
    lines = path.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if line.endswith("002.png"))
    lines[index] = lines[index].replace(" 1 002.png", " 9 002.png")
    path.write_text("\n".join(lines) + "\n")
    (root / "images" / "004.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read_images(root)
    assert "camera 9" in caught.value.faults[0].reason
    assert f"line {index + 1}" in caught.value.faults[0].subject
    assert caught.value.faults[1].subject.endswith("004.png")


def test_names_that_leave_the_folder_are_refused(write_layout):
    root = write_layout("colmap_text")
    path = root / "sparse" / "images.txt"
    path.write_text(path.read_text().replace("002.png", "../../002.png"))
    with pytest.raises(DataError, match="not a path inside"):
        read_images(root)


def test_other_models_of_the_reconstruction_are_mentioned(write_layout):
    root = write_layout("colmap_binary")
    (root / "sparse" / "1").mkdir()
    assert any("has 2 models (0, 1)" in sentence for sentence in read_images(root).warnings)
