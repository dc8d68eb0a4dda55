import json
import math
from dataclasses import replace

import numpy as np
import pytest

from neumap.benchmark import run as benchmark_run
from neumap.benchmark.scene_runs import Watch
from neumap.errors import DataError, MappingError, OptionError, PhotoError
from neumap.evaluation import read_predictions
from neumap.evaluation.benchmark_report import render_benchmark_report
from neumap.evaluation.figures_file import read_figures
from neumap.evaluation.paired_runs import pair_runs
from neumap.evaluation.text_file import write_text_atomically


@pytest.fixture
def methods(fake_method):
    return (
        fake_method("neumap", offset_m=0.02),
        fake_method("better", offset_m=0.01),
        fake_method("fixed", has_budget=False, offset_m=0.005, num_bytes=2500),
    )


def _results(plan):
    return json.loads((plan.out / "benchmark.json").read_text())


def _row(results, **wanted):
    (row,) = [
        row for row in results["rows"] if all(row[key] == value for key, value in wanted.items())
    ]
    return row


def test_every_scene_method_and_budget_has_a_row_of_all_folds(plan, run, methods):
    results = run(plan, *methods)
    kinds = {(row.scene, row.method, row.budget_bytes) for row in results.rows}
    assert len(results.rows) == len(kinds) == 2 * (2 + 2 + 1)
    for row in results.rows:
        assert row.summary.num_queries == 10
        assert row.summary.position_percentiles[50] == pytest.approx(
            {"neumap": 0.02, "better": 0.01, "fixed": 0.005}[row.method]
        )
        assert row.map_bytes == (row.budget_bytes or 2500)
        assert row.summary.query_ms_median == 30


def test_the_results_file_states_rows_runs_settings_and_the_command(plan, run, methods):
    run(plan, *methods)
    results = _results(plan)
    assert results["schema_version"] == 1
    assert results["benchmark"] == "two"
    assert results["command"] == "neumap benchmark"
    assert results["is_complete"]
    assert results["settings"]["budgets_bytes"] == [2000, 3000]
    assert results["settings"]["mapping"]["voxel_side"] is None
    assert [scene["scene"] for scene in results["scenes"]] == ["hall", "yard"]
    assert results["scenes"][0]["folds"]["4"] == [8, 2]
    row = _row(results, scene="yard", method="better", budget_bytes=3000)
    assert row["num_queries"] == 10
    assert row["num_failed"] == 0
    assert row["map_bytes"] == 3000
    assert row["mapping_seconds"] == 1.5
    assert row["query_ms_median"] == 30
    assert row["recall"]["0.05m_5deg"] == 1
    assert row["median_position_error"] == pytest.approx(0.01)
    assert [entry["fold"] for entry in row["runs"]] == [0, 1, 2, 3, 4]
    for entry in row["runs"]:
        assert len(read_predictions(plan.out / entry["predictions"])) == 2
    assert "per_query" not in row


def test_rows_over_all_scenes_pool_their_queries(plan, run, methods):
    run(plan, *methods)
    results = _results(plan)
    assert len(results["overall"]) == 5
    for row in results["overall"]:
        assert row["num_queries"] == 20
        assert row["position_unit"] == "metre"
        assert row["mean_of_scene_median_position_errors"] == pytest.approx(
            row["median_position_error"]
        )


def test_one_scene_has_no_rows_over_all(plan, run, methods):
    run(replace(plan, root=plan.root / "hall"), *methods)
    assert _results(plan)["overall"] == []


def test_where_neumap_is_not_the_best_at_equal_bytes_is_said_with_the_difference(
    plan, run, methods
):
    run(plan, *methods)
    behind = [
        entry
        for entry in _results(plan)["behind"]
        if entry["scene"] == "hall" and entry["figure"] == "median position error"
    ]
    at_2000, at_3000 = behind
    assert at_2000["best_methods"] == ["better"]  # the fixed map takes more than 2000 bytes
    assert at_2000["by"] == pytest.approx(0.01)
    assert at_3000["best_methods"] == ["fixed"]
    assert at_3000["by"] == pytest.approx(0.015)


def test_a_second_command_runs_nothing_again_and_finds_the_same(plan, run, methods):
    run(plan, *methods)
    before = (plan.out / "benchmark.json").read_bytes()
    for method in methods:
        method.built.clear()
    results = run(plan, *methods)
    assert [method.built for method in methods] == [[], [], []]
    assert all(run.is_reused for run in results.runs)
    assert (plan.out / "benchmark.json").read_bytes() == before


def test_a_killed_run_goes_on_where_it_stopped(plan, run, methods, fake_method):
    killed = fake_method("better", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(plan, methods[0], killed)
    assert len(methods[0].built) == 2  # both budgets of the first fold were done
    results = run(plan, methods[0], methods[1])
    assert sum(run.is_reused for run in results.runs) == 2
    assert len(methods[0].built) == 2 + 2 * 5 * 2 - 2
    assert len(results.rows) == 8


def test_a_scene_that_was_run_alone_is_taken_over_by_a_benchmark_of_several(plan, run, fake_method):
    method = fake_method("neumap")
    alone = replace(plan.recipe, name="hall", scenes=plan.recipe.scenes[:1])
    run(replace(plan, recipe=alone), method)
    results = run(plan, method)
    assert sum(run.is_reused for run in results.runs) == 2 * 5
    assert len(method.built) == 2 * 2 * 5


def test_runs_and_queries_are_counted_and_each_new_run_is_told(plan, run, fake_method):
    stages, lines = [], []
    watch = Watch(progress=lambda *stage: stages.append(stage), tell=lines.append)
    short = replace(plan, root=plan.root / "hall", folds=(0, 1))
    method = fake_method("neumap", failing=("images/000.png",))
    run(short, method, watch=watch)
    assert [s for s in stages if s[0] == "hall: runs"] == [
        ("hall: runs", done, 4) for done in (1, 2, 3, 4)
    ]
    assert ("hall: queries", 2, 2) in stages
    assert lines[0] == "hall, fold 0, seed 0, neumap 2 kB: 1 of 2 queries have a pose"
    assert len(lines) == 4
    run(short, method, watch=watch)
    assert len(lines) == 4


def test_other_queries_are_run_again(plan, run, fake_method):
    method = fake_method("neumap")
    run(plan, method)
    run(replace(plan, every=2), method)
    assert len(method.built) == 2 * 2 * 5 * 2
    assert _row(_results(plan), scene="hall", budget_bytes=2000)["num_queries"] == 5


def test_chosen_folds_alone_are_run_and_one_that_is_not_there_is_refused(plan, run, fake_method):
    method = fake_method("neumap")
    run(replace(plan, folds=(3, 1)), method)
    assert set(_results(plan)["scenes"][0]["folds"]) == {"1", "3"}
    with pytest.raises(OptionError, match=r"--folds 5: hall has 5, numbered from 0"):
        run(replace(plan, folds=(5,)), method)


def test_seeds_are_pooled_and_stated_apart(plan, run, fake_method):
    method = fake_method("neumap", offset_m=0.04, has_budget=False)
    results = run(replace(plan, num_seeds=2), method)
    row = _row(_results(plan), scene="hall")
    assert row["num_queries"] == 20
    by_seed = [entry["median_position_error"] for entry in row["by_seed"]]
    assert by_seed == pytest.approx([0.04, 0.08])
    assert [entry["recall"]["0.05m_5deg"] for entry in row["by_seed"]] == [1, 0]
    assert row["recall"]["0.05m_5deg"] == 0.5
    evidence = results.rows[0].evidence
    assert evidence is not None
    shown = evidence.image_set.by_name()
    assert all(prediction.name in shown for prediction in evidence.predictions)


def test_each_seed_has_figures_of_its_own_so_that_comparisons_draw_seeds(plan, run, fake_method):
    plan = replace(plan, num_seeds=2)
    run(plan, fake_method("neumap", has_budget=False), fake_method("other", has_budget=False))
    folder = plan.out / "figures" / "hall"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("neumap-seed0.json", "neumap-seed1.json", "other-seed0.json", "other-seed1.json"),
    ]
    sides = [
        [read_figures(folder / f"{method}-seed{seed}.json") for seed in (0, 1)]
        for method in ("neumap", "other")
    ]
    paired = pair_runs(*sides)
    assert (len(paired.queries), paired.position.a.shape) == (10, (2, 10))
    np.testing.assert_allclose(paired.position.a, [[0.01] * 10, [0.02] * 10])


def test_a_failed_query_counts_as_a_miss(plan, run, fake_method):
    run(plan, fake_method("neumap", failing=("images/002.png",)))
    row = _row(_results(plan), scene="hall", budget_bytes=2000)
    assert (row["num_queries"], row["num_failed"]) == (10, 1)
    assert row["recall"]["0.05m_5deg"] == 0.9


@pytest.mark.parametrize(
    "error",
    [
        MappingError("scene points", "there are only 3", "Take more photos."),
        OptionError("--budget", "2000 bytes hold no map", "Give more."),
    ],
)
def test_photos_that_give_no_map_are_misses_of_that_method_with_the_reason(
    error, plan, run, fake_method
):
    results = run(plan, fake_method("neumap"), fake_method("mapless", error=error))
    row = _row(_results(plan), scene="hall", method="mapless", budget_bytes=2000)
    assert row["num_failed"] == row["num_queries"] == 10
    assert row["median_position_error"] is None
    assert row["map_bytes"] == 0
    assert {entry["no_map_reason"] for entry in row["runs"]} == {str(error)}
    (found,) = [r for r in results.rows if (r.scene, r.method, r.budget_bytes)
                == ("hall", "mapless", 2000)]  # fmt: skip
    assert math.isinf(found.summary.position_percentiles[50])
    assert "no map" in found.summary.scores[0].reason


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModuleNotFoundError("No module named 'extra'"), OptionError),
        (OptionError("scm", "is not installed", "Install it."), OptionError),
        (PhotoError("a.png", "is damaged", "Restore it."), PhotoError),
    ],
)
def test_what_is_not_the_method_s_fault_ends_the_run(error, kind, plan, run, fake_method):
    with pytest.raises(kind):
        run(plan, fake_method("broken", has_budget=False, error=error))


def test_a_query_that_is_missing_in_a_file_fails_the_evaluation(
    plan, run, fake_method, monkeypatch
):
    from neumap.benchmark import scene_runs

    predict = scene_runs.predict
    monkeypatch.setattr(scene_runs, "predict", lambda *a, **kw: predict(*a, **kw)[1:])
    with pytest.raises(DataError, match="has no prediction"):
        run(plan, fake_method("neumap"))


def test_a_query_without_true_pose_is_refused_before_anything_is_run(plan, run, fake_method):
    path = plan.root / "hall" / "cameras.json"
    content = json.loads(path.read_text())
    content["frames"][4]["T_wc"] = None
    path.write_text(json.dumps(content))
    method = fake_method("neumap")
    with pytest.raises(DataError, match=r"images/004\.png: has no true pose"):
        run(plan, method)
    assert method.built == []


def test_depth_is_left_out_where_the_recipe_says_so(plan, run, fake_method, monkeypatch):
    from neumap.benchmark import scene_runs

    seen = []
    fold = scene_runs.Fold
    monkeypatch.setattr(
        scene_runs, "Fold", lambda **fields: seen.append(fields["image_set"]) or fold(**fields)
    )
    run(plan, fake_method("neumap"))
    run(replace(plan, recipe=replace(plan.recipe, has_depth=False)), fake_method("neumap"))
    with_depth, without = seen[0], seen[-1]
    assert all(image.depth is not None for image in with_depth.images)
    assert all(image.depth is None for image in without.images)


def test_the_page_is_written_from_the_rows_also_of_a_method_without_any_map(
    plan, run, methods, fake_method, monkeypatch
):
    monkeypatch.setattr(benchmark_run, "render_benchmark_report", render_benchmark_report)
    error = MappingError("scene points", "there are only 3", "Take more photos.")
    run(replace(plan, folds=(0,)), *methods, fake_method("mapless", error=error))
    page = (plan.out / "report.html").read_text()
    assert "Two scenes" in page
    for word in ("hall", "yard", "better", "fixed", "mapless"):
        assert word in page


def test_photos_can_be_left_out_of_the_page(plan, run, methods, monkeypatch):
    monkeypatch.setattr(benchmark_run, "render_benchmark_report", render_benchmark_report)
    pages = []
    for has_pictures in (True, False):
        run(replace(plan, folds=(0,), has_pictures=has_pictures), *methods)
        pages.append((plan.out / "report.html").read_text())
    assert "data:image/jpeg" in pages[0]
    assert "data:image/jpeg" not in pages[1]
    assert "better" in pages[1]


def test_a_page_without_any_map_can_be_written(plan, run, fake_method, monkeypatch):
    monkeypatch.setattr(benchmark_run, "render_benchmark_report", render_benchmark_report)
    error = MappingError("scene points", "there are only 3", "Take more photos.")
    run(replace(plan, folds=(0,)), fake_method("neumap", error=error))
    assert "neumap" in (plan.out / "report.html").read_text()


def test_where_the_unit_is_not_known_all_rows_share_one_depth(plan, run, methods):
    for scene in ("hall", "yard"):
        path = plan.root / scene / "cameras.json"
        content = json.loads(path.read_text())
        write_text_atomically(path, json.dumps({**content, "units": "unknown"}))
    results = run(plan, *methods)
    depths = {row.scene: row.summary.median_depth for row in results.rows}
    assert all(row.summary.median_depth == depths[row.scene] for row in results.rows)
    assert 3 < depths["hall"] < 5
    overall = _results(plan)["overall"]
    assert {row["position_unit"] for row in overall} == {"median depth of the scene"}
    assert {row["mean_of_scene_median_position_errors"] for row in overall} == {None}
