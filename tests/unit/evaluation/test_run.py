import json

import pytest

from neumap.errors import DataError
from neumap.evaluation import (
    EvaluationFiles,
    MapFacts,
    evaluate_localizer,
    evaluate_scene,
    read_predictions,
)
from neumap.evaluation.figures_file import read_figures
from neumap.images import Split


@pytest.fixture
def files(tmp_path):
    return EvaluationFiles(tmp_path / "p.jsonl", tmp_path / "out.json", tmp_path / "report.html")


def test_a_scene_is_named_after_its_folder_and_its_figures_are_those_of_the_files(
    make_localizer, capture, names, files
):
    localizer = make_localizer(failing=names[3:4], offset={names[5]: 0.2})
    scene = evaluate_scene(
        *(localizer, capture, Split(names[:3], names[3:])),
        files=files,
        facts=MapFacts("a map", num_bytes=900, mapping_seconds=2.0),
    )
    assert scene.summary.scene == capture.root.name
    assert read_figures(files.figures) == scene.summary
    assert len(read_predictions(files.predictions)) == 7
    assert len(scene.evidence.mapping_cameras) == 3
    assert not files.report.exists()
    content = json.loads(files.figures.read_text())
    assert content["ate"]["num_poses"] == 6
    assert content["ate"]["alignment"] == "none"
    assert (content["map_bytes"], content["mapping_seconds"]) == (900, 2.0)


def test_one_scene_with_a_report_asked_for_gets_a_page(make_localizer, capture, names, files):
    summary = evaluate_localizer(
        *(make_localizer(), capture, Split(names[:3], names[3:])),
        files=files,
        facts=MapFacts("a map"),
    )
    assert summary.num_queries == 7
    assert "<h1>a map</h1>" in files.report.read_text()


def test_a_split_without_queries_is_refused(make_localizer, capture, names, files):
    with pytest.raises(DataError, match="lists no query"):
        evaluate_scene(
            *(make_localizer(), capture, Split(names, ())), files=files, facts=MapFacts("a map")
        )
    assert not files.figures.exists()
