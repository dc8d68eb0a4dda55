"""Writing many scenes."""

import numpy as np
from PIL import Image

from neumap.rendering.make_training_scenes import main, training_spec
from neumap.rendering.prints import poster


def _arguments(folder, photos, count=2):
    size = ["--size", "64x48", "--frames", "4"]
    return ["--out", str(folder), "--count", str(count), *size, "--photos", str(photos)]


def test_a_second_run_keeps_finished_scenes_and_adds_missing_ones(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    Image.fromarray(poster(np.random.default_rng(0), 90, 120)).save(photos / "a.png")
    assert main(_arguments(out, photos, count=1)) == 0
    kept = out / "scene-0000" / "cameras.json"
    before = kept.stat().st_mtime_ns
    assert main(_arguments(out, photos)) == 0
    assert kept.stat().st_mtime_ns == before
    assert len(list((out / "scene-0001" / "images").iterdir())) == 4


def test_a_wrong_size_or_an_empty_photo_folder_gives_exit_code_2(tmp_path, capsys):
    assert main(_arguments(tmp_path / "out", tmp_path / "none")) == 2
    assert "photograph" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "out"), "--size", "large"]) == 2
    assert "WIDTHxHEIGHT" in capsys.readouterr().err


def test_things_move_or_go_between_the_walks_of_some_scenes_and_stay_in_others():
    specs = [training_spec(640, 480, 24, seed=seed) for seed in range(40)]
    assert {spec.moved_share > 0 for spec in specs} == {True, False}
    assert {spec.removed_share > 0 for spec in specs} == {True, False}
    assert all(spec.num_map + spec.num_query == 24 for spec in specs)
