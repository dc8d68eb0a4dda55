import json

import pytest

from layout_writers import make_capture, write_capture
from neumap.benchmark import RECIPES
from neumap.cli import benchmark
from neumap.cli.main import main


@pytest.fixture
def fox(tmp_path):
    write_capture(tmp_path / "data" / "fox", make_capture(10))
    return tmp_path / "data"


@pytest.fixture
def made(monkeypatch, fake_method):
    """The command with fakes in place of the methods."""
    methods = (fake_method("neumap", offset_m=0.02), fake_method("yardstick"))
    monkeypatch.setattr(benchmark, "choose_methods", lambda names, recipe: methods)
    return methods


def test_the_list_has_name_scenes_split_and_page_of_every_benchmark(capsys):
    assert main(["benchmark", "--list"]) == 0
    printed = capsys.readouterr().out
    for name in RECIPES:
        assert f"{name}: " in printed
    assert "chess, fire, heads, office, pumpkin, redkitchen, stairs" in printed
    assert "TrainSplit.txt and TestSplit.txt" in printed
    assert "docs/datasets/aachen.md" in printed
    assert "by a server" in printed


def test_the_list_has_our_settings_and_those_of_the_paper(capsys):
    assert main(["benchmark", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    aachen = lines[lines.index("aachen: Aachen Day-Night v1.0") :]
    assert "  neumap: maps of 6000 kB, voxel_side 10.0" in aachen[:7]
    paper = next(line for line in aachen if line.startswith("  paper:"))
    for part in ("8 or 10 m", "100 codes", "6 blocks", "200 + 100 epochs", "0.15", "NetVLAD"):
        assert part in paper
    assert sum(line.startswith("  paper:") for line in lines) == 5
    assert sum(line.startswith("  neumap:") for line in lines) == len(RECIPES)


def test_the_list_as_json_has_the_settings(capsys):
    assert main(["benchmark", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["benchmarks"]
    assert [recipe["name"] for recipe in listed] == list(RECIPES)
    by_name = {recipe["name"]: recipe for recipe in listed}
    assert by_name["cambridge"]["paper"]["codes_per_block"] == 100
    assert by_name["redkitchen"]["budgets_bytes"] == [2000, 4200, 14000, 28000]


def test_a_run_prints_rows_and_where_neumap_is_behind(fox, made, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["--data", str(fox), "--out", str(out), "--budgets", "4.2kB", "--every", "2"]
    assert main(["benchmark", "fox", *arguments]) == 0
    captured = capsys.readouterr()
    assert "fox, fold 0, seed 0, neumap 4.2 kB: 1 of 1 queries have a pose" in captured.err
    printed = captured.out
    assert "neumap 4.2 kB" in printed
    assert "yardstick 4.2 kB" in printed
    assert "4,200" in printed
    assert "0 of 5" in printed
    assert "(yardstick), 100 % more" in printed
    assert str(out / "report.html") in printed
    results = json.loads((out / "benchmark.json").read_text())
    assert results["command"] == (
        "neumap benchmark fox --data ROOT --out DIR --methods neumap yardstick full-precision "
        "--budgets 4.2kB --every 2"
    )
    assert main(["benchmark", "fox", *arguments]) == 0
    captured = capsys.readouterr()
    assert "10 of 10 runs were whole on disk" in captured.out
    assert captured.err == ""


def test_json_prints_the_results_file(fox, made, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["benchmark", "fox", "--data", str(fox), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "benchmark.json").read_text())


def test_not_one_pose_exits_1(fox, made, tmp_path):
    for method in made:
        method.failing = tuple(f"images/{k:03d}.png" for k in range(10))
    out = str(tmp_path / "out")
    assert main(["benchmark", "fox", "--data", str(fox), "--out", out]) == 1


def _bad(capsys, *arguments):
    assert main(["benchmark", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines)
    return lines


def test_what_is_missing_on_the_command_line_is_all_named(capsys):
    lines = _bad(capsys)
    assert [line.split(":")[1].strip() for line in lines] == ["NAME", "--data", "--out"]
    assert "--list" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["foxx"], "Did you mean fox?"),
        (["fox", "--methods", "nuemap"], "Did you mean neumap?"),
        (["fox", "--budgets", "28"], "has no unit"),
        (["fox", "--budgets", "-2kB"], "is not above zero"),
        (["fox", "--budgets", "4kB", "4kB"], "given 2 times"),
        (["fox", "--every", "0"], "is below 1"),
        (["fox", "--seeds", "0"], "is below 1"),
        (["fox", "--folds", "7"], "has 5, numbered from 0"),
        (["small-sets"], "scene missing"),
        (["7scenes"], "scene missing"),
        (["scannet"], "has the layout scannet"),
    ],
)
def test_bad_input_exits_2_with_file_or_option_reason_and_remedy(
    arguments, sentence, fox, tmp_path, capsys
):
    out = str(tmp_path / "out")
    lines = _bad(capsys, *arguments, "--data", str(fox), "--out", out)
    assert any(sentence in line for line in lines), lines


def test_a_results_folder_that_is_a_file_exits_2(fox, made, tmp_path, capsys):
    (tmp_path / "out").write_text("")
    out = str(tmp_path / "out")
    lines = _bad(capsys, "fox", "--data", str(fox), "--out", out)
    assert "cannot be made a folder" in lines[0]
