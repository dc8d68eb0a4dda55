import json

import pytest

from neumap.cli.main import main
from neumap.images import Split


@pytest.fixture
def predictions(saved, tmp_path, capsys):
    """Predictions of three queries, of which the last failed."""
    saved.map.failing = ("4.png",)
    split = tmp_path / "split.json"
    Split(("0.png", "1.png"), ("2.png", "3.png", "4.png")).write(split)
    out = tmp_path / "out.json"
    arguments = [str(saved.map_path), str(saved.folder), "--json", str(out), "--split", str(split)]
    assert main(["evaluate", *arguments]) == 0
    capsys.readouterr()
    return tmp_path / "out.predictions.jsonl"


@pytest.mark.parametrize("name", ["visloc", "tum", "kapture", "colmap"])
def test_every_format_is_written_and_the_failed_queries_are_counted(
    name, predictions, tmp_path, capsys
):
    target = tmp_path / name
    assert main(["export", str(predictions), "--format", name, "--out", str(target)]) == 0
    assert target.exists()
    out = capsys.readouterr().out
    assert "2 poses written" in out
    assert "1 of 3 queries failed" in out


def test_a_faulty_predictions_file_exits_2(predictions, tmp_path, capsys):
    raw = json.loads(predictions.read_text().splitlines()[0])
    del raw["camera"]
    predictions.write_text(json.dumps(raw) + "\n")
    target = tmp_path / "out.txt"
    assert main(["export", str(predictions), "--format", "tum", "--out", str(target)]) == 2
    assert "line 1" in capsys.readouterr().err
    assert not target.exists()


def test_an_unknown_format_exits_2(predictions, tmp_path):
    arguments = ["--format", "kitti", "--out", str(tmp_path / "out")]
    assert main(["export", str(predictions), *arguments]) == 2
