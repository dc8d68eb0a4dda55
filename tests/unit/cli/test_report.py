import json

import pytest

from neumap.cli.main import main
from neumap.evaluation import QueryScore, summarise
from neumap.evaluation.figures_file import write_figures


@pytest.fixture
def write_scene(tmp_path):
    """Write the figures of a scene with these position errors."""

    def write(scene, errors, *, units="metre"):
        scores = [
            QueryScore(f"{idx}.png", "ok", "", error, 1.0, 30, 60, 0.5, 20.0)
            for idx, error in enumerate(errors)
        ]
        path = tmp_path / f"{scene}.json"
        write_figures(path, summarise(scores, scene=scene, units=units, median_depth=2.0))
        return str(path)

    return write


def test_scenes_are_joined_in_a_page_and_a_file(write_scene, tmp_path, capsys):
    paths = [write_scene("hall", [0.01, 0.02]), write_scene("room", [0.5])]
    page, figures = tmp_path / "all.html", tmp_path / "all.json"
    assert main(["report", *paths, "--out", str(page), "--json", str(figures)]) == 0
    assert "All scenes" in page.read_text()
    content = json.loads(figures.read_text())
    assert content["overall"]["num_queries"] == 3
    assert set(content["scenes"]) == {"hall", "room"}
    assert "3 of 3" in capsys.readouterr().out


def test_scenes_of_unknown_unit_are_joined_in_fractions_of_their_depth(
    write_scene, tmp_path, capsys
):
    paths = [write_scene("hall", [0.01], units="unknown"), write_scene("room", [0.01])]
    assert main(["report", *paths, "--out", str(tmp_path / "all.html")]) == 0
    printed = capsys.readouterr().out
    assert "0.005 median depths, 1 deg" in printed
    assert "scene units" not in printed


def test_the_same_scene_twice_exits_2_and_writes_nothing(write_scene, tmp_path, capsys):
    path = write_scene("hall", [0.1])
    assert main(["report", path, path, "--out", str(tmp_path / "all.html")]) == 2
    assert "hall" in capsys.readouterr().err
    assert not (tmp_path / "all.html").exists()


def test_no_file_at_all_exits_2(tmp_path):
    assert main(["report", "--out", str(tmp_path / "all.html")]) == 2
