import json

import numpy as np
import pytest

from neumap.cli.main import main
from neumap.cli.mapping_record import write_record
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.forecast import ExpectedErrors, Forecast
from neumap.codes.map_file import write_map_file
from neumap.decoder.weights import load_anchored_decoder
from neumap.features.xfeat import XFeatConfig
from neumap.scene_map import Map, extractor_hash


@pytest.fixture
def stored(tmp_path):
    """A map file of 200 codes at random places."""
    rng = np.random.default_rng(0)
    codes = AnchoredCodes.from_points(
        rng.uniform(0, 3, (200, 3)), rng.integers(0, 4, (200, 16)), code_bits=2
    )
    header = {
        "units": "metre",
        "origin": [float(v) for v in codes.origin],
        "decoder": load_anchored_decoder()[1],
        "extractor": extractor_hash(XFeatConfig(max_key_points=2000)),
        "layout": {"k": "anchored", "q": 2000, **codes.layout()},
        "provenance": {"neumap": "0", "images": 9, "source": "made", "seed": 0},
    }
    path = tmp_path / "room.neumap"
    write_map_file(path, header, codes.to_tensors())
    return path


def test_a_smaller_map_is_written_and_the_map_is_untouched(stored, tmp_path, capsys):
    before = stored.read_bytes()
    out = tmp_path / "smaller.neumap"
    assert main(["compress", str(stored), "--budget", "1kB", "--out", str(out)]) == 0
    assert 980 <= out.stat().st_size <= 1000
    assert stored.read_bytes() == before
    assert f"{Map.load(out).num_codes} of 200" in capsys.readouterr().out


def test_json_states_both_sizes_and_what_stayed(stored, tmp_path, capsys):
    out = tmp_path / "smaller.neumap"
    assert main(["compress", str(stored), "--budget", "1kB", "--out", str(out), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["map_bytes"] == out.stat().st_size == sum(content["bytes_by_part"].values())
    assert content["source_bytes"] == stored.stat().st_size
    assert (content["num_codes"], content["source_codes"]) == (Map.load(out).num_codes, 200)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("0kB", "not above zero"),
        ("-2kB", "--budget"),
        ("800", "has no unit"),
        ("300B", "Give at least"),
        ("1MB", "already smaller"),
        ("small", "not a size"),
    ],
)
def test_a_wrong_budget_exits_2_and_writes_nothing(stored, tmp_path, budget, words, capsys):
    before, out = stored.read_bytes(), tmp_path / "smaller.neumap"
    assert main(["compress", str(stored), f"--budget={budget}", "--out", str(out)]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()
    assert stored.read_bytes() == before


def test_a_map_of_another_decoder_is_refused(stored, tmp_path, capsys):
    scene_map = Map.load(stored)
    other = tmp_path / "other.neumap"
    write_map_file(other, {**scene_map.header, "decoder": "0" * 16}, scene_map.tensors)
    out = tmp_path / "smaller.neumap"
    assert main(["compress", str(other), "--budget", "1kB", "--out", str(out)]) == 2
    assert "built for decoder" in capsys.readouterr().err
    assert not out.exists()


def test_the_map_itself_is_no_place_for_the_smaller_one(stored, capsys):
    before = stored.read_bytes()
    assert main(["compress", str(stored), "--budget", "1kB", "--out", str(stored)]) == 2
    assert "is the map itself" in capsys.readouterr().err
    assert stored.read_bytes() == before


def test_errors_to_expect_come_from_the_record_of_the_map(stored, tmp_path, capsys):
    row = ExpectedErrors(map_bytes=1000, median=0.05, p75=0.07, num_failed=0)
    forecast = Forecast(num_photos=9, sizes=(row,), all_points=row)
    write_record(stored, seconds=1.0, stage_seconds={}, forecast=forecast)
    arguments = ["compress", str(stored), "--out", str(tmp_path / "smaller.neumap"), "--json"]
    assert main([*arguments, "--budget", "1100B"]) == 0
    expected = json.loads(capsys.readouterr().out)["expected"]
    assert (expected["median_position_error"], expected["num_held_out"]) == (0.05, 9)
    assert main([*arguments, "--budget", "900B"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"] is None
