import json

from neumap.cli.main import main


def test_the_demo_leaves_map_figures_and_report_in_its_folder(world, tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out)]) == 0
    assert {"capture", "room.neumap", "predictions.jsonl", "figures.json", "report.html"} == {
        path.name for path in out.iterdir()
    }
    printed = capsys.readouterr().out
    assert "2 of 2" in printed
    assert "1,000 B" in printed
    assert "report.html" in printed
    assert json.loads((out / "figures.json").read_text())["mapping_seconds"] > 0


def test_the_demo_maps_what_its_split_says(world, tmp_path):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert len(world.asked["split_names"]) == 8


def test_a_folder_that_cannot_be_made_exits_2(world, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file" / "demo")]) == 2
    assert "--out" in capsys.readouterr().err
