"""Writing a town to disk."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.images import Split, read_images
from neumap.rendering import make_town
from neumap.rendering.make_town import main
from neumap.rendering.town import build_town

ARGUMENTS = ["--num-photos", "16", "--size", "64x48", "--blocks", "1x1"]


@pytest.fixture(scope="module", autouse=True)
def _small_town():
    """One town of one make for all runs: textures take most of the time."""
    town = build_town(np.random.default_rng(0), num_blocks=(1, 1), num_makes=1)
    patch = pytest.MonkeyPatch()
    patch.setattr(make_town, "build_town", lambda rng, num_blocks: town)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    assert main(["--out", str(folder), *ARGUMENTS]) == 0
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_reader_takes_the_town_with_its_passes(written):
    image_set = read_images(written)
    mapped, queries = Split.read(written / "split.json").apply(image_set)
    assert image_set.units == "metre"
    assert not image_set.warnings
    assert (len(mapped), len(queries)) == (12, 4)
    assert {Path(image.name).name[:3] for image in mapped} == {"map"}
    assert {Path(image.name).name.split("-")[0] for image in queries} == {"day", "night"}
    assert mapped[0].camera != queries[0].camera
    assert all(image.depth is not None for image in image_set.images)


def test_a_stopped_run_goes_on_to_the_same_bytes(written, tmp_path, capsys):
    whole = _bytes(written)
    for name, data in whole.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    for name in ("images/map-00003.jpg", "images/night-00001.jpg", "cameras.json"):
        (tmp_path / name).unlink()
    assert main(["--out", str(tmp_path), *ARGUMENTS]) == 0
    assert "2 of 2 photos" in capsys.readouterr().err
    assert _bytes(tmp_path) == whole


def test_a_finished_town_is_left_alone(written):
    before = (written / "cameras.json").stat().st_mtime_ns
    assert main(["--out", str(written), *ARGUMENTS]) == 0
    assert (written / "cameras.json").stat().st_mtime_ns == before


def test_another_town_is_not_mixed_in(written, capsys):
    assert main(["--out", str(written), *ARGUMENTS, "--seed", "1"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_depth_can_be_left_out_and_another_seed_walks_elsewhere(written, tmp_path):
    arguments = ["--out", str(tmp_path), *ARGUMENTS, "--seed", "1", "--no-depth"]
    assert main(arguments) == 0
    assert not (tmp_path / "depth").exists()
    frames = json.loads((tmp_path / "cameras.json").read_text())["frames"]
    assert all("depth" not in frame for frame in frames)
    photo = np.asarray(Image.open(tmp_path / "images/map-00000.jpg"))
    assert (photo != np.asarray(Image.open(written / "images/map-00000.jpg"))).any()


def test_the_size_on_disk_is_not_above_what_is_said():
    settings = make_town.TownSettings(
        seed=0, num_photos=1000, width=320, height=240, num_blocks=(5, 4), has_depth=True
    )
    assert 50e6 < settings.disk_bytes < 200e6


@pytest.mark.parametrize(
    ("option", "value"), [("--num-photos", "3"), ("--size", "big"), ("--blocks", "0x4")]
)
def test_bad_options_give_exit_code_2(tmp_path, capsys, option, value):
    assert main(["--out", str(tmp_path), option, value]) == 2
    assert option in capsys.readouterr().err


def test_a_full_disk_is_told_before_anything_is_rendered(tmp_path, monkeypatch, capsys):
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr(make_town.shutil, "disk_usage", lambda folder: usage)
    assert main(["--out", str(tmp_path), *ARGUMENTS]) == 2
    assert "MB are needed" in capsys.readouterr().err
