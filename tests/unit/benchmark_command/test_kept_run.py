import json
from pathlib import Path

import pytest

from neumap.benchmark.kept_run import MapCost, RunName, find_kept, keep
from neumap.errors import DataError
from neumap.evaluation import Prediction, read_predictions

NAME = RunName(scene="apt1/kitchen", method="neumap", budget_bytes=4200, fold=0, seed=1)
COST = MapCost(map_bytes=4100, mapping_seconds=2.5)
ANSWERS = (Prediction.failed("a.png", "too few"), Prediction.failed("b.png", "too few"))


def test_a_run_is_found_again_with_its_cost_and_predictions(tmp_path):
    kept = keep(NAME, tmp_path, ANSWERS, COST, key="k")
    assert not kept.is_reused
    found = find_kept(NAME, tmp_path, key="k")
    assert found is not None
    assert found.is_reused
    assert found.cost == COST
    assert [p.name for p in read_predictions(found.predictions)] == ["a.png", "b.png"]


def test_a_run_of_another_key_is_not_taken_over(tmp_path):
    keep(NAME, tmp_path, ANSWERS, COST, key="k")
    assert find_kept(NAME, tmp_path, key="other") is None


def test_a_run_without_its_record_or_with_changed_predictions_is_not_whole(tmp_path):
    kept = keep(NAME, tmp_path, ANSWERS, COST, key="k")
    text = kept.predictions.read_text()
    kept.predictions.write_text(text.splitlines(keepends=True)[0])
    assert find_kept(NAME, tmp_path, key="k") is None
    kept.predictions.write_text(text)
    assert find_kept(NAME, tmp_path, key="k") is not None
    kept.predictions.with_suffix(".run.json").unlink()
    assert find_kept(NAME, tmp_path, key="k") is None


@pytest.mark.parametrize("change", ["{", "{}", "[]", '{"key": 1}'])
def test_a_damaged_record_is_no_record(change, tmp_path):
    kept = keep(NAME, tmp_path, ANSWERS, COST, key="k")
    kept.predictions.with_suffix(".run.json").write_text(change)
    assert find_kept(NAME, tmp_path, key="k") is None


def test_runs_of_other_names_have_other_files():
    others = [
        NAME,
        RunName(scene="apt1/kitchen", method="neumap", budget_bytes=None, fold=0, seed=1),
        RunName(scene="apt1/kitchen", method="neumap", budget_bytes=4200, fold=1, seed=1),
        RunName(scene="apt1/kitchen", method="neumap", budget_bytes=4200, fold=0, seed=0),
        RunName(scene="apt2/kitchen", method="neumap", budget_bytes=4200, fold=0, seed=1),
        RunName(scene="apt1/kitchen", method="sift", budget_bytes=4200, fold=0, seed=1),
    ]
    paths = {name.predictions_path(Path("out")) for name in others}
    assert len(paths) == len(others)
    assert all(path.parent.parent == Path("out/predictions") for path in paths)


def test_a_record_states_key_and_cost(tmp_path):
    kept = keep(NAME, tmp_path, ANSWERS, COST, key="k")
    record = json.loads(kept.predictions.with_suffix(".run.json").read_text())
    assert record["key"] == "k"
    assert record["cost"] == {"map_bytes": 4100, "mapping_seconds": 2.5, "no_map_reason": None}


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "predictions").write_text("")
    with pytest.raises(DataError, match="cannot be made a folder"):
        keep(NAME, tmp_path, ANSWERS, COST, key="k")
