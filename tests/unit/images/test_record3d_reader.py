import json

import pytest

from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def root(write_layout):
    return write_layout("record3d")


def change(root, **fields):
    path = root / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_an_unpacked_r3d_file_is_read(root):
    (root / "rgb").rename(root / "rgbd")
    (root / "metadata.json").rename(root / "metadata")
    assert read_images(root).images[0].name == "rgbd/0.jpg"


def test_intrinsics_of_each_frame_go_before_the_common_ones(root):
    change(root, perFrameIntrinsicCoeffs=[[60.0 + i, 61.0, 31.0, 25.0] for i in range(6)])
    assert [image.camera.fx for image in read_images(root).images] == [60, 61, 62, 63, 64, 65]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"poses": [[0, 0, 0, 1, 0, 0]]}, "field poses: is not a list of rows of 7"),
        ({"poses": [[0, 0, 0, 2, 0, 0, 0]]}, r"poses\[0\]: the quaternion has norm 2"),
        ({"poses": {"a": 1}}, "field poses"),
        ({"K": [1, 2, 3]}, "field K: is not a list of rows of 9"),
        ({"K": [-60, 0, 0, 0, 61, 0, 31, 25, 1]}, r"poses\[0\]: focal lengths"),
        ({"w": None}, "field w: is missing"),
        ({"perFrameIntrinsicCoeffs": [[1, 2, 3, 4]]}, "has 1 rows for 6 poses"),
    ],
)
def test_malformed_metadata_are_refused_by_field(root, fields, message):
    change(root, **fields)
    with pytest.raises(DataError, match=message):
        read_images(root)
