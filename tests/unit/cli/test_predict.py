from dataclasses import replace

import pytest

from neumap.cli import predict as predict_verb
from neumap.cli.main import main
from neumap.evaluation import read_predictions
from neumap.images import Split


@pytest.fixture
def unposed(saved, tmp_path, monkeypatch):
    """A capture whose queries have no true pose, and its split."""
    images = tuple(
        replace(image, cam_from_world=None) if image.name in ("2.png", "3.png") else image
        for image in saved.image_set.images
    )
    saved.image_set = replace(saved.image_set, images=images)
    saved.engines = []

    def load(_path, *, engine):
        saved.engines.append(engine)
        return saved.map

    monkeypatch.setattr(predict_verb, "Map", type("Map", (), {"load": staticmethod(load)}))
    monkeypatch.setattr(predict_verb, "read_images", lambda _root, *, layout: saved.image_set)
    split = tmp_path / "split.json"
    Split(("0.png", "1.png"), ("2.png", "3.png")).write(split)
    return [str(saved.map_path), str(saved.folder), "--split", str(split)]


def test_queries_without_true_poses_are_predicted_and_can_be_exported(
    saved, unposed, tmp_path, capsys
):
    saved.map.failing = ("3.png",)
    out = tmp_path / "p.jsonl"
    assert main(["predict", *unposed, "--out", str(out)]) == 0
    assert [(p.name, p.status) for p in read_predictions(out)] == [
        ("2.png", "ok"),
        ("3.png", "failed"),
    ]
    assert "2 queries, 1 failed" in capsys.readouterr().out
    lines = tmp_path / "submit.txt"
    assert main(["export", str(out), "--format", "visloc", "--out", str(lines)]) == 0
    assert [line.split()[0] for line in lines.read_text().splitlines()] == ["2.png"]


def test_nothing_localised_exits_1_and_keeps_the_failures(saved, unposed, tmp_path):
    saved.map.failing = ("2.png", "3.png")
    out = tmp_path / "p.jsonl"
    assert main(["predict", *unposed, "--out", str(out)]) == 1
    assert len(read_predictions(out)) == 2


def test_the_map_describes_photos_by_the_engine_that_is_named(saved, unposed, tmp_path):
    out = str(tmp_path / "p.jsonl")
    assert main(["predict", *unposed, "--out", out]) == 0
    assert main(["predict", *unposed, "--out", out, "--engine", "float32"]) == 0
    assert saved.engines == ["auto", "float32"]
