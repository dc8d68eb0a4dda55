"""`neumap benchmark` from photos to the page, with neumap's own maps, on small subsets."""

import json
import os
from pathlib import Path

import pytest

from neumap.cli.main import main

_BESIDE_REPOSITORY = Path(__file__).parents[2].parent / "shared"
DATA = Path(os.environ.get("NEUMAP_DATA", _BESIDE_REPOSITORY / "data"))
SUBSET = ["--methods", "neumap", "yardstick", "--budgets", "4.2kB", "--folds", "2", "--quiet"]


def _rows(name: str, root: Path, out: Path) -> dict[str, dict]:
    assert main(["benchmark", name, "--data", str(root), "--out", str(out), *SUBSET]) == 0
    results = json.loads((out / "benchmark.json").read_text())
    assert results["is_complete"]
    assert (out / "report.html").stat().st_size > 10_000
    return {row["method"]: row for row in results["rows"]}


def test_any_folder_of_posed_photos_is_benchmarked_and_nothing_is_run_twice(
    room_capture, tmp_path, capsys
):
    rows = _rows("own-photos", room_capture, tmp_path / "out")
    assert set(rows) == {"neumap", "yardstick"}
    for row in rows.values():
        assert row["map_bytes"] <= 4200
        assert row["mapping_seconds"] > 0
        assert row["query_ms_median"] > 0
        assert (row["num_queries"], row["num_failed"]) == (6, 0)
        assert row["median_position_error"] < 0.05
    assert _rows("own-photos", room_capture, tmp_path / "out") == rows
    assert "2 of 2 runs were whole on disk" in capsys.readouterr().out


def test_a_set_at_hand_is_benchmarked_by_its_name(tmp_path):
    if not (DATA / "lund_door").is_dir():
        pytest.skip(f"{DATA / 'lund_door'} is absent (set NEUMAP_DATA)")
    rows = _rows("lund_door", DATA, tmp_path / "out")
    for row in rows.values():
        assert (row["scene"], row["num_failed"]) == ("lund_door", 0)
        assert row["position_unit"] == "scene unit"
        assert row["recall"]["0.05depth_5deg"] == 1
