"""The rendered room in the layout of a benchmark: its split is used, misread poses are named."""

import json

import numpy as np
import pytest

from benchmark_writers import nvm_line, quat_wxyz, text
from neumap.cli.main import main
from neumap.images import Split, read_images

NUM_QUERIES = 3


def write_as_cambridge(folder, image_set, *, convert=lambda rotation: rotation):
    """12 photos of the room; `convert` misreads the rotations of the lists."""
    heading = ["Visual Landmark Dataset V1", "ImageFile, Camera Position [X Y Z W P Q R]", ""]
    lists = {"train": [*heading], "test": [*heading]}
    (folder / "seq1").mkdir(parents=True)
    lines = []
    for index, image in enumerate(image_set.images[:12]):
        name = f"seq1/frame{index:05d}"
        (folder / f"{name}.png").write_bytes(image.path.read_bytes())
        pose = image.cam_from_world
        numbers = (*pose.center_in_source, *quat_wxyz(convert(pose.rotation)))
        lists["test" if index < NUM_QUERIES else "train"].append(f"{name}.png {text(numbers)}")
        lines.append(nvm_line(f"{name}.jpg", pose.inverse().matrix, image.camera.focal_px, 0.0))
    for part, entries in lists.items():
        (folder / f"dataset_{part}.txt").write_text("\n".join(entries) + "\n")
    model = ["NVM_V3 ", "", str(len(lines)), *lines, "", "0", "", "0", ""]
    (folder / "reconstruction.nvm").write_text("\n".join(model))
    return folder


def test_without_split_option_the_data_sets_own_split_is_mapped(room_capture, tmp_path, capsys):
    data = write_as_cambridge(tmp_path / "room", read_images(room_capture))
    out = tmp_path / "room.neumap"
    arguments = ["map", str(data), "--out", str(out), "--preset", "fast", "--quiet", "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["units"] == "metre"
    split = Split.of(read_images(data))
    assert (len(split.map_names), len(split.query_names)) == (9, NUM_QUERIES)
    figures = tmp_path / "figures.json"
    main(["evaluate", str(out), str(data), "--json", str(figures), "--quiet"])
    assert f'"num_queries": {NUM_QUERIES}' in figures.read_text()


@pytest.mark.parametrize(
    ("convert", "named"),
    [
        (np.transpose, "if the rotations are from camera to world"),
        (lambda rotation: np.diag([1.0, -1, -1]) @ rotation, "if the camera axes are OpenGL"),
    ],
)
def test_rotations_of_another_convention_are_refused(
    convert, named, room_capture, tmp_path, capsys
):
    data = write_as_cambridge(tmp_path / "room", read_images(room_capture), convert=convert)
    arguments = ["map", str(data), "--out", str(tmp_path / "room.neumap"), "--quiet"]
    assert main(arguments) == 2
    assert named in capsys.readouterr().err
