"""Every published benchmark runs on data in the exact layout of the original."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from benchmark_writers import (
    save_exact,
    text,
    write_aachen,
    write_cambridge,
    write_dsacstar,
    write_indoor6,
    write_kapture,
    write_pseudo_truth,
    write_rio10,
    write_scannet,
    write_twelve_scenes,
)
from layout_writers import CX, CY, FX, FY, HEIGHT, WIDTH, make_capture, write_seven_scenes
from neumap.benchmark import find_recipe
from neumap.benchmark.plan import BenchmarkPlan
from neumap.errors import DataError
from neumap.evaluation.equal_bytes import main_recall

SCORED = {
    # name of the recipe: writer, number of queries of each scene
    "7scenes": (write_seven_scenes, 3),
    "7scenes-sfm": (write_pseudo_truth, 3),
    "12scenes": (write_twelve_scenes, 2),
    "cambridge": (write_cambridge, 2),
    "naverlabs": (write_kapture, 2),
    "rio10": (write_rio10, 3),
    "indoor6": (write_indoor6, 2),
    "scannet": (write_scannet, 1),
    "wayspots": (write_dsacstar, 2),
}


def _plan(name, root, out):
    recipe = find_recipe(name)
    return BenchmarkPlan(recipe=recipe, root=root, out=out, budgets=recipe.budgets[:1])


def _write_scenes(name, root, write):
    recipe = find_recipe(name)
    folders = [scene.folders[0] for scene in recipe.scenes] or ["scene0000_00", "scene0001_00"]
    for folder in folders:
        (root / folder).mkdir(parents=True)
        write(root / folder, make_capture(6))


@pytest.mark.parametrize("name", list(SCORED))
def test_a_published_benchmark_runs_with_its_own_split(name, tmp_path, run, fake_method):
    write, num_queries = SCORED[name]
    root = tmp_path / "data"
    _write_scenes(name, root, write)
    results = run(_plan(name, root, tmp_path / "out"), fake_method("neumap"))
    num_scenes = len(find_recipe(name).scenes) or 2
    assert len(results.rows) == num_scenes
    for row in results.rows:
        assert row.summary.num_queries == num_queries
        metres, rotation_deg = find_recipe(name).thresholds[0]
        assert main_recall(row).position == metres
        assert main_recall(row).rotation_deg == rotation_deg
        assert row.summary.units == "metre"
        assert row.summary.position_percentiles[50] == pytest.approx(0.01)


def test_the_original_poses_are_read_where_the_pseudo_truth_lies_beside_them(
    tmp_path, run, fake_method
):
    root = tmp_path / "chess"
    root.mkdir()
    write_seven_scenes(root, make_capture(6))
    originals = tmp_path / "other"
    originals.mkdir()
    write_pseudo_truth(originals, make_capture(6))
    for part in ("train", "test"):
        shutil.copy(originals / f"chess_{part}.txt", root)
    for name, layout in (("7scenes", "7scenes"), ("7scenes-sfm", "pseudo-truth")):
        results = run(_plan(name, root, tmp_path / name), fake_method("neumap"))
        assert results.scenes[0].layout == layout


def _write_query(root):
    save_exact(root / "images_upright" / "query" / "day" / "q.jpg", make_capture(7).photos[6])
    line = f"query/day/q.jpg PINHOLE {WIDTH} {HEIGHT} {text((FX, FY, CX, CY))}\n"
    (root / "queries" / "day_time_queries_with_intrinsics.txt").write_text(line)


def _write_aachen_v1(root):
    """The NVM model of v1.0 in place of the COLMAP model."""
    shutil.rmtree(root / "3D-models" / "aachen_v_1_1")
    camera = f"SIMPLE_RADIAL {WIDTH} {HEIGHT} {FX} {WIDTH / 2} {HEIGHT / 2} 0"
    names = sorted(path.name for path in (root / "images_upright").glob("*.*"))
    lines = [f"{name} {FX} 1 0 0 0 {0.3 * k} 0 0 0 0 " for k, name in enumerate(names)]
    model = "\n".join(["NVM_V3 ", "", str(len(names)), *lines, "", "0", "", "0", ""])
    (root / "3D-models" / "aachen_cvpr2018_db.nvm").write_text(model)
    content = "".join(f"{name} {camera}\n" for name in names)
    (root / "3D-models" / "database_intrinsics.txt").write_text(content)


@pytest.mark.parametrize("name", ["aachen", "aachen-v1.1"])
def test_aachen_writes_what_its_server_reads_instead_of_scores(name, tmp_path, run, fake_method):
    root = tmp_path / "Aachen-Day-Night"
    root.mkdir()
    write_aachen(root, make_capture(6))
    _write_query(root)
    if name == "aachen":
        _write_aachen_v1(root)
    results = run(_plan(name, root, tmp_path / "out"), fake_method("neumap"))
    assert results.rows == ()
    (row,) = results.submitted
    assert row.submission is not None
    (line,) = row.submission.read_text().splitlines()
    assert line.split()[0] == "q.jpg"  # the bare name, as the server lists it
    assert len([float(word) for word in line.split()[1:]]) == 7
    content = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    (entry,) = content["submissions"]
    assert (entry["num_queries"], entry["num_failed"]) == (1, 0)
    assert (tmp_path / "out" / entry["submission"]).is_file()
    assert not (tmp_path / "out" / "report.html").exists()


def test_queries_that_all_fail_leave_no_file_for_the_server(tmp_path, run, fake_method):
    root = tmp_path / "aachen"
    root.mkdir()
    write_aachen(root, make_capture(6))
    _write_query(root)
    method = fake_method("neumap", failing=("images_upright/query/day/q.jpg",))
    (row,) = run(_plan("aachen-v1.1", root, tmp_path / "out"), method).submitted
    assert (row.num_failed, row.submission) == (1, None)


def test_the_model_of_v1_1_is_refused_for_v1_0(tmp_path, run, fake_method):
    root = tmp_path / "aachen"
    root.mkdir()
    write_aachen(root, make_capture(6))
    with pytest.raises(DataError) as caught:
        run(_plan("aachen", root, tmp_path / "out"), fake_method("neumap"))
    reasons = [fault.reason for fault in caught.value.faults]
    assert any("of another version" in reason for reason in reasons)
    assert any("lacks 3D-models/**/*.nvm" in reason for reason in reasons)


def test_only_the_validation_of_rio10_is_asked(tmp_path, run, fake_method):
    root = tmp_path / "data"
    _write_scenes("rio10", root, write_rio10)
    for scene in root.iterdir():  # a later scan, whose poses are withheld
        shutil.copytree(scene / "seq02_02", scene / "seq02_03")
        for pose in (scene / "seq02_03").glob("*.pose.txt"):
            pose.unlink()
        with (scene / "intrinsics.txt").open("a") as lines:
            lines.write(f"seq02_03 {text((FX, FY, CX, CY))}\n")
    results = run(_plan("rio10", root, tmp_path / "out"), fake_method("neumap"))
    assert {row.summary.num_queries for row in results.rows} == {3}
    names = {query.name.split("/")[0] for row in results.rows for query in row.summary.scores}
    assert names == {"seq02_02"}


def test_redkitchen_maps_the_first_frames_and_asks_the_others(tmp_path, run, fake_method):
    from layout_writers import write_capture

    root = tmp_path / "redkitchen"
    write_capture(root, make_capture(8))
    plan = _plan("redkitchen", root, tmp_path / "out")
    short = replace(plan.recipe, split=replace(plan.recipe.split, num_mapped=5))
    method = fake_method("neumap")
    run(replace(plan, recipe=short), method)
    ((split, _, _),) = method.built
    assert split.query_names == tuple(f"images/{k:03d}.png" for k in (5, 6, 7))
    assert np.array_equal(split.map_names, [f"images/{k:03d}.png" for k in range(5)])
