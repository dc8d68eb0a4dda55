import json
import math

import pytest

from neumap.cli.main import main
from neumap.cli.mapping_record import recorded_forecast, recorded_seconds
from neumap.codes.forecast import ExpectedErrors, Forecast
from neumap.images import Split


def _map(world, *arguments: str) -> int:
    return main(["map", str(world.folder), "--out", str(world.map_path), *arguments])


def test_every_fifth_photo_is_left_out_unless_told_otherwise(world):
    assert _map(world) == 0
    assert len(world.asked["split_names"]) == 8
    assert set(world.asked["split_names"]) == set(Split.of(world.image_set).map_names)


def test_a_split_names_the_photos_to_map_and_all_maps_them_all(world, tmp_path):
    split = tmp_path / "split.json"
    Split(("0.png", "3.png"), ("4.png",)).write(split)
    assert _map(world, "--split", str(split)) == 0
    assert world.asked["split_names"] == ("0.png", "3.png")
    assert _map(world, "--split", "all") == 0
    assert world.asked["split_names"] is None


def test_options_reach_the_mapping(world):
    arguments = ["--budget", "4.2kB", "--device", "cuda", "--seed", "7", "--layout", "colmap"]
    assert _map(world, *arguments) == 0
    assert world.asked["budget_bytes"] == 4200
    assert (world.asked["device"], world.asked["seed"]) == ("cuda", 7)
    assert world.asked["layout"] == "colmap"


def test_bare_photos_are_handed_over_as_a_folder_and_all_mapped(world):
    assert _map(world, "--poses", "sfm") == 0
    assert world.asked["data"] == world.folder
    assert world.asked["poses"] == "sfm"
    assert world.asked["split_names"] is None


def test_json_states_bytes_by_part_and_time(world, capsys):
    assert _map(world, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["map_bytes"] == 1000 == sum(content["bytes_by_part"].values())
    assert content["stage_seconds"] == {"features": 1.5}
    assert content["mapping_seconds"] >= 0
    assert recorded_seconds(world.map_path) == content["mapping_seconds"]


def test_the_table_states_the_same_and_progress_is_hidden_without_a_terminal(world, capsys):
    assert _map(world) == 0
    captured = capsys.readouterr()
    assert "1,000 B" in captured.out
    assert "features" in captured.out
    assert captured.err == ""


def test_warnings_of_the_mapping_are_shown(world, capsys):
    world.map.warnings = ("Only 8 photos: expect gaps.",)
    assert _map(world) == 0
    assert "warning: Only 8 photos: expect gaps." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--budget", "tiny"], "--budget"),
        (["--preset", "no-such"], "no-such"),
        (["--split", "none.json"], "none.json"),
    ],
)
def test_a_wrong_value_exits_2_before_any_work(world, arguments, word, capsys):
    assert _map(world, *arguments) == 2
    assert word in capsys.readouterr().err
    assert "data" not in world.asked


def test_an_output_in_a_missing_folder_is_refused_before_any_work(world, capsys):
    out = world.folder / "none" / "scene.neumap"
    assert main(["map", str(world.folder), "--out", str(out)]) == 2
    assert "folder does not exist" in capsys.readouterr().err
    assert "data" not in world.asked


FORECAST = Forecast(
    num_photos=12,
    sizes=(ExpectedErrors(map_bytes=1000, median=0.021, p75=math.inf, num_failed=4),),
    all_points=ExpectedErrors(map_bytes=50_000, median=0.02, p75=0.03, num_failed=0),
)


def test_the_errors_to_expect_are_printed_beside_those_of_all_points(world, capsys):
    world.map.forecast = FORECAST
    assert _map(world) == 0
    printed = capsys.readouterr().out
    for words in ("2.1 cm median, no pose at 75 %", "2 cm median; here +5%", "12 held-out"):
        assert words in printed


def test_the_errors_to_expect_are_in_the_json_and_in_the_record(world, capsys):
    world.map.forecast = FORECAST
    assert _map(world, "--json") == 0
    expected = json.loads(capsys.readouterr().out)["expected"]
    assert expected["median_position_error"] == pytest.approx(0.021)
    assert expected["p75_position_error"] is None
    assert recorded_forecast(world.map_path) == FORECAST


def test_without_a_forecast_none_is_made_up(world, capsys):
    assert _map(world) == 0
    assert "unknown" in capsys.readouterr().out
    assert recorded_forecast(world.map_path) is None


def test_photos_are_held_out_unless_the_preset_says_none(world):
    assert _map(world) == 0
    assert world.asked["config"].num_held_out == 12
    assert _map(world, "--preset", "fast") == 0
    assert world.asked["config"].num_held_out == 0
