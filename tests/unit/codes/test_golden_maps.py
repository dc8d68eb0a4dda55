"""Maps of made-up codes, written once: their bytes and their content never change.

Those of format version 1 were written by the code of its time and are refused by their number.

python tests/unit/codes/test_golden_maps.py   # writes them, after the format's version was raised
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.map_file import map_file_bytes, read_map_file
from neumap.codes.map_header import FORMAT_VERSION
from neumap.errors import MapFileError
from neumap.scene.voxels import VoxelGrid

FOLDER = Path(__file__).parent / "golden"
HEADER = {
    "units": "metre",
    "decoder": "0123456789abcdef",
    "extractor": "fedcba98",
    "provenance": {"neumap": "0.1.0", "images": 12, "source": "made-up", "seed": 0},
}
NAMES = ("one_voxel", "four_voxels")


def made_codes(name):
    """Codes from integer arithmetic alone, alike everywhere."""
    place = np.arange(60)
    xyz = np.stack([place * 37 % 64, place * 11 % 32, place * 5 % 16], axis=1) / 8.0
    levels = (place[:, None] // 7 + np.arange(16) * 3) % 4
    if name == "one_voxel":
        return AnchoredCodes.from_points(xyz, levels, anchor_bits=10, code_bits=2)
    cells = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])
    grid = VoxelGrid(np.array([0.0, -2.0, 0.0]), 4.0, cells, cells * 4.0)
    return AnchoredCodes.from_points(xyz, levels, grid=grid, anchor_bits=10, code_bits=2)


def made_bytes(name):
    codes = made_codes(name)
    layout = {"k": "anchored", "q": 2000, **codes.layout()}
    header = {**HEADER, "origin": [float(v) for v in codes.origin], "layout": layout}
    return map_file_bytes(header, codes.to_tensors())


def path_of(name, version=FORMAT_VERSION):
    return FOLDER / f"{name}_v{version}.neumap"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_codes_give_the_golden_bytes(name):
    assert made_bytes(name) == path_of(name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_bytes_give_the_same_codes(name):
    header, tensors = read_map_file(path_of(name))
    origin = np.array(header["origin"])
    read = AnchoredCodes.from_tensors(tensors, layout=header["layout"], origin=origin)
    made = made_codes(name)
    np.testing.assert_array_equal(read.levels, made.levels)
    np.testing.assert_array_equal(read.anchors_in_world, made.anchors_in_world)
    assert header["provenance"] == HEADER["provenance"]


@pytest.mark.parametrize("name", NAMES)
def test_a_map_of_version_1_is_refused_by_its_number_and_left_as_it_is(name):
    before = path_of(name, 1).read_bytes()
    with pytest.raises(MapFileError, match=f"format version 1, this neumap reads {FORMAT_VERSION}"):
        read_map_file(path_of(name, 1))
    assert path_of(name, 1).read_bytes() == before


def test_the_same_codes_take_fewer_bytes_than_in_version_1():
    for name in NAMES:
        assert path_of(name).stat().st_size < path_of(name, 1).stat().st_size


def test_the_golden_files_are_the_ones_that_were_committed():
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.neumap")
    }
    assert digests == {
        "one_voxel_v1.neumap": "f7c3ffe90ac87812ccdd66c7e5320488ed28fec173afe61cd1e4f12f34b872e0",
        "four_voxels_v1.neumap": "30c5e6003d2cb93cc5ef9015b73d07c71211ad568d0a7c30be57db1d863be428",
        "one_voxel_v2.neumap": "d1c335cd44772bc3170bd65e049d8bbe2528c4ad1a8923cd42adb5287fab0189",
        "four_voxels_v2.neumap": "36eb141c5d67b161c53a906f6b8095d3d866d13a0d89b3c2435449cc4f611590",
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for golden in NAMES:
        path_of(golden).write_bytes(made_bytes(golden))
