import json
from dataclasses import replace

import pytest

from neumap.cli.main import main
from neumap.cli.mapping_record import write_record
from neumap.evaluation import read_predictions
from neumap.images import Split


@pytest.fixture
def split(tmp_path):
    path = tmp_path / "split.json"
    Split(("0.png", "1.png"), ("2.png", "3.png", "4.png")).write(path)
    return path


def _evaluate(world, tmp_path, *arguments: str) -> int:
    out = ["--json", str(tmp_path / "out.json")]
    return main(["evaluate", str(world.map_path), str(world.folder), *out, *arguments])


def test_figures_predictions_and_report_are_written(saved, split, tmp_path, capsys):
    saved.map.failing = ("4.png",)
    report = tmp_path / "report.html"
    assert _evaluate(saved, tmp_path, "--split", str(split), "--report", str(report)) == 0
    figures = json.loads((tmp_path / "out.json").read_text())
    assert (figures["num_queries"], figures["num_failed"]) == (3, 1)
    assert figures["median_position_error"] == pytest.approx(0, abs=1e-9)
    assert figures["map_bytes"] == 1000
    assert figures["query_ms_median"] == 30
    assert [query["name"] for query in figures["per_query"]] == ["2.png", "3.png", "4.png"]
    assert len(read_predictions(tmp_path / "out.predictions.jsonl")) == 3
    assert "<svg" in report.read_text()
    captured = capsys.readouterr()
    assert "2 of 3" in captured.out
    assert captured.err == ""


def test_a_missing_split_is_warned_of_on_the_screen_and_in_the_report(saved, tmp_path, capsys):
    report = tmp_path / "report.html"
    assert _evaluate(saved, tmp_path, "--report", str(report)) == 0
    assert "No --split was given" in capsys.readouterr().err
    assert "No --split was given" in report.read_text()
    assert json.loads((tmp_path / "out.json").read_text())["num_queries"] == 2


def test_other_units_than_the_map_s_are_warned_of(saved, split, tmp_path, capsys):
    saved.map.units = "unknown"
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 0
    assert "unit is unknown" in capsys.readouterr().err


def test_nothing_localised_exits_1(saved, split, tmp_path):
    saved.map.failing = ("2.png", "3.png", "4.png")
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 1
    assert json.loads((tmp_path / "out.json").read_text())["median_position_error"] is None


def test_queries_without_true_pose_exit_2_before_any_is_run(saved, split, tmp_path, capsys):
    images = tuple(
        replace(image, cam_from_world=None) if image.name in ("2.png", "4.png") else image
        for image in saved.image_set.images
    )
    saved.image_set = replace(saved.image_set, images=images)
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert saved.map.cameras == []


def test_queries_that_all_lack_a_true_pose_are_named_once(saved, split, tmp_path, capsys):
    images = tuple(replace(image, cam_from_world=None) for image in saved.image_set.images)
    saved.image_set = replace(saved.image_set, images=images)
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 2
    message = capsys.readouterr().err
    assert "any of its 3 queries" in message
    assert "neumap predict" in message


def test_the_mapping_time_is_that_of_the_record_beside_the_map(saved, split, tmp_path):
    write_record(saved.map_path, seconds=42.5, stage_seconds={"points": 40.0})
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 0
    assert json.loads((tmp_path / "out.json").read_text())["mapping_seconds"] == 42.5


def test_the_record_of_another_map_says_nothing(saved, split, tmp_path):
    write_record(saved.map_path, seconds=42.5, stage_seconds={})
    saved.map_path.write_bytes(saved.map_path.read_bytes() + b"x")
    assert _evaluate(saved, tmp_path, "--split", str(split)) == 0
    assert json.loads((tmp_path / "out.json").read_text())["mapping_seconds"] is None


def test_an_output_that_is_a_folder_is_refused_before_any_work(saved, tmp_path, capsys):
    assert _evaluate(saved, tmp_path, "--report", str(tmp_path)) == 2
    assert "is a folder" in capsys.readouterr().err
    assert saved.map.cameras == []
