"""Captures on disk."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from neumap.images.detect import read_images
from neumap.images.split import Split
from neumap.rendering.capture import CaptureSpec, write_capture
from neumap.rendering.light import Lighting
from neumap.rendering.place import Place
from neumap.rendering.prints import poster
from neumap.rendering.scene import SceneBuilder, placed

SPEC = CaptureSpec(width=64, height=48, num_map=3, num_query=2)


def _small_place(rng: np.random.Generator) -> Place:
    builder = SceneBuilder(rng)
    sheet = builder.finish(poster(rng, 60, 80))
    builder.panel(placed(0.0, 2.0, -2.0), (12.0, 8.0), sheet)
    day = Lighting(lamps=(), ambient_rgb=(0.8, 0.8, 0.8))
    night = Lighting(lamps=(), ambient_rgb=(0.2, 0.2, 0.2))
    return Place(
        scene=builder.build(),
        kind="facade",
        day=day,
        night=night,
        walk_m=(1.0, 0.3),
        eye_height_m=(1.0, 1.5),
        heading_deg=(90.0, 90.0),
    )


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_capture(tmp_path / name, _small_place, SPEC, seed=seed)
    first, again, other = (_bytes(tmp_path / name) for name in "abc")
    assert first == again
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first if name.startswith("images/"))


def test_split_lists_every_frame_once(tmp_path):
    write_capture(tmp_path, _small_place, SPEC, seed=0)
    split = Split.read(tmp_path / "split.json")
    frames = json.loads((tmp_path / "cameras.json").read_text())["frames"]
    assert [*split.map_names, *split.query_names] == [frame["file"] for frame in frames]
    assert (len(split.map_names), len(split.query_names)) == (3, 2)


def test_the_reader_takes_the_capture_and_its_units(room_capture):
    image_set = read_images(room_capture)
    assert len(image_set.images) == 30
    assert image_set.units == "metre"
    assert not image_set.warnings
    for image in image_set.images:
        assert image.depth is not None
        with Image.open(image.path) as photo, Image.open(image.depth.path) as depth:
            assert photo.size == depth.size == (image.camera.width, image.camera.height)


def test_stored_depth_is_metric_and_dense_indoors(room_capture):
    for path in sorted((room_capture / "depth").iterdir())[::6]:
        depth_m = np.asarray(Image.open(path)) / 1000.0
        assert (depth_m > 0.2).mean() > 0.99
        assert depth_m.max() < 12.0
