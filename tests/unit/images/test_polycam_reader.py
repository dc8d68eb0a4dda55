import json

import pytest

from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def root(write_layout):
    return write_layout("polycam")


def cameras(root):
    return sorted((root / "keyframes" / "cameras").glob("*.json"))


def test_corrected_cameras_are_preferred(root):
    folder = root / "keyframes"
    (folder / "corrected_cameras").mkdir()
    (folder / "corrected_images").mkdir()
    for path in cameras(root)[:4]:
        content = json.loads(path.read_text()) | {"fx": 66.0}
        (folder / "corrected_cameras" / path.name).write_text(json.dumps(content))
        photo = folder / "images" / f"{path.stem}.jpg"
        photo.rename(folder / "corrected_images" / photo.name)
    image_set = read_images(root)
    assert len(image_set.images) == 4
    assert {image.camera.fx for image in image_set.images} == {66}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fx": None}, "field fx: is missing"),
        ({"t_23": "x"}, "field t_23: 'x' is not a number"),
        ({"width": 64.5}, "field width: 64.5 is not a size"),
        ({"fy": -1}, "focal lengths"),
        ({"t_00": 5.0}, "not orthonormal"),
    ],
)
def test_malformed_cameras_are_refused_by_file_and_field(root, change, message):
    path = cameras(root)[1]
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_all_malformed_files_are_named_at_once(root):
    for path in cameras(root)[1:3]:
        path.write_text("[]")
    with pytest.raises(DataError) as caught:
        read_images(root)
    assert [fault.subject for fault in caught.value.faults] == [str(p) for p in cameras(root)[1:3]]
