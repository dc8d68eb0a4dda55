"""Figures of the town: which voxels a photo shows, votes for them, and whole small runs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import town, town_rows
from benchmarks.town import Options, drawn, run
from benchmarks.town_rows import figures
from benchmarks.town_voxels import Activation, CodeTable, rank_of, seen_voxels, vote

from neumap.evaluation import QueryScore, summarise
from neumap.images import Split, read_images
from neumap.rendering import CaptureSpec, build_corridor, write_capture
from neumap.scene.scene import Scene, ScenePoints
from neumap.scene.voxels import VoxelGrid


@pytest.fixture(scope="module")
def corridor(tmp_path_factory) -> Path:
    """A capture with the names of a town's passes."""
    folder = tmp_path_factory.mktemp("corridor")
    spec = CaptureSpec(width=320, height=240, num_map=16, num_query=4, query_night_share=0.0)
    write_capture(folder, build_corridor, spec, seed=3)
    split = Split.read(folder / "split.json")
    names = {
        name: name.replace("query", "day" if index % 2 else "night")
        for index, name in enumerate(split.query_names)
    }
    for old, new in names.items():
        (folder / old).rename(folder / new)
    Split(split.map_names, tuple(names.values())).write(folder / "split.json")
    cameras = json.loads((folder / "cameras.json").read_text())
    for frame in cameras["frames"]:
        frame["file"] = names.get(frame["file"], frame["file"])
    (folder / "cameras.json").write_text(json.dumps(cameras))
    return folder


def _scene_of(xyz: np.ndarray) -> Scene:
    none = np.zeros(0, dtype=np.int64)
    descriptors = np.zeros((len(xyz), 64), np.float32)
    return Scene((), ScenePoints(xyz, descriptors, none, none, none), "metre")


def test_voxels_in_view_are_those_of_the_surface_that_the_depth_shows(corridor):
    image = read_images(corridor).images[0]
    rng = np.random.default_rng(0)
    depth_m = 2.0 + rng.uniform(0, 0.2, 30)
    rays = np.column_stack([image.camera.cam_from_img(rng.uniform(10, 200, (30, 2))), np.ones(30)])
    shown = image.cam_from_world.inverse().apply(rays * depth_m[:, None])
    hidden = image.cam_from_world.inverse().apply(rays * 500.0)
    behind = image.cam_from_world.inverse().apply(-rays * depth_m[:, None])
    xyz = np.concatenate([shown, hidden, behind])
    grid = VoxelGrid.from_points(xyz, side=8.0, min_points=1)
    seen = seen_voxels(_scene_of(xyz), grid, _with_depth_of(image, 2.1))
    assert set(seen) <= set(grid.voxel_idx(shown))
    assert len(seen) >= 1


def _with_depth_of(image, depth_m):
    """The same photo with one depth everywhere."""
    from PIL import Image

    path = image.depth.path.with_name("flat.png")
    size = (image.camera.width, image.camera.height)
    Image.fromarray(np.full(size[::-1], round(1000 * depth_m), np.uint16)).save(path)
    return replace(image, depth=replace(image.depth, path=path))


def test_each_key_point_votes_for_the_voxel_of_its_code():
    table = CodeTable(np.array([2, 0, 2]), 4)
    np.testing.assert_array_equal(vote(table, np.array([0, 1, 2])), [1, 0, 2, 0])


def test_a_code_outside_all_voxels_gives_no_voxel_a_vote():
    table = CodeTable(np.array([-1, 1]), 2)
    np.testing.assert_array_equal(vote(table, np.array([0, 1])), [0, 1])


def test_queries_are_drawn_once_each_in_their_order_and_by_the_seed_alone(corridor):
    images = read_images(corridor).images
    names = [image.name for image in drawn(images, 7, seed=1)]
    assert names == sorted(set(names), key=[image.name for image in images].index)
    assert len(names) == 7
    assert names == [image.name for image in drawn(images, 7, seed=1)]
    assert names != [image.name for image in drawn(images, 7, seed=2)]
    assert drawn(images, 100, seed=1) == list(images)


def test_a_voxel_ranks_behind_those_that_tie_with_it():
    votes = np.array([3, 5, 3, 0])
    assert [rank_of(votes, voxel) for voxel in range(4)] == [3, 1, 3, 4]


def test_activation_of_no_query_that_shows_a_voxel_has_no_rank():
    empty = Activation([0, 0], [3, 4], [], [], []).figures()
    assert empty["queries_that_show_a_voxel"] == 0
    assert empty["right_voxel_rank_median"] is None
    assert empty["right_voxel_seen_by_first_photos"]["10"] is None
    assert empty["seen_among_retrieved_mean"] is None


def test_shares_count_a_voxel_that_no_photo_sees_as_missed():
    some = Activation([2, 3, 0], [9, 9, 9], [1, 6], [5, np.inf], [0.5, 1.0]).figures()
    assert some["right_voxel_first"] == {"1": 0.5, "5": 0.5, "20": 1.0}
    assert some["right_voxel_seen_by_first_photos"] == {"1": 0, "5": 0.5, "10": 0.5, "20": 0.5}


def _score(metres: float, degrees: float) -> QueryScore:
    is_failed = np.isinf(metres)
    status = "failed" if is_failed else "ok"
    return QueryScore("q", status, "", metres, degrees, 10, 20, 0.5, None)


def test_a_failed_query_is_a_miss_and_a_far_pose_is_wrong():
    scores = (_score(0.1, 0.5), _score(0.4, 3.0), _score(30.0, 90.0), _score(np.inf, np.inf))
    row = figures(scores, summarise(scores, units="metre", median_depth=None))
    assert (row["num_queries"], row["num_failed"], row["num_wrong"]) == (4, 1, 1)
    assert row["recall"] == {"0.25m_2deg": 0.25, "0.5m_5deg": 0.5, "5m_10deg": 0.5}
    assert row["median_position_error_m"] == pytest.approx(15.2)
    lost = (_score(0.1, 0.5), _score(np.inf, np.inf))
    assert (
        figures(lost, summarise(lost, units="metre", median_depth=None))["median_position_error_m"]
        is None
    )


def test_a_whole_run_has_figures_of_both_passes(corridor, tmp_path, monkeypatch):
    monkeypatch.setattr(town, "make_town", lambda arguments: 0)
    options = Options(
        folder=corridor,
        out=tmp_path / "town.json",
        cache=tmp_path / "features",
        kept=tmp_path / "kept",
        voxel_side=2.5,
        budget=6_000,
    )
    town.main(options)
    results = json.loads(options.out.read_text())
    assert results["num_mapped"] == 16
    assert results["map_bytes"] <= 6_000
    assert results["yardstick_bytes"] <= results["map_bytes"]
    assert results["num_voxels"] > 3
    for name in ("day", "night"):
        part = results[name]
        assert part["queries"]["rendered"] == part["queries"]["asked"] == 2
        for row in ("neumap", "all_codes", "retrieved_voxels", "yardstick"):
            assert part[row]["num_queries"] == 2
        # Few codes: the map is read as a whole.
        assert part["neumap"]["read"] == part["all_codes"]["read"]
        assert part["all_codes"]["read"]["codes_read_median"] == results["num_codes"]
        assert part["activation"]["voxels_seen_median"] >= 1
    assert results["retrieval_index_bytes"] == 16 * 2048 * 4
    assert "--voxel-side 2.5 --budget 6000" in results["command"]

    def fail(*arguments, **settings):
        raise AssertionError("mapped or localised again")

    monkeypatch.setattr(town, "map_of_scene", fail)
    monkeypatch.setattr(town_rows, "Localizer", fail)
    assert run(options) == results
    with pytest.raises(AssertionError, match="again"):
        run(replace(options, budget=5_000))


def test_a_town_that_cannot_be_made_ends_the_run(monkeypatch, tmp_path):
    monkeypatch.setattr(town, "make_town", lambda arguments: 2)
    with pytest.raises(SystemExit):
        run(Options(folder=tmp_path, out=tmp_path / "out.json"))
