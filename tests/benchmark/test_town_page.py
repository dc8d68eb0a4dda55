"""The figures of docs/town.md."""

import json

import pytest
from benchmarks.town_page import PAGE, RESULT, figures_section, page


def _row(failed: int, median_m: float | None) -> dict[str, object]:
    return {
        "num_failed": failed,
        "num_wrong": 1,
        "median_position_error_m": median_m,
        "median_rotation_error_deg": None if median_m is None else 0.5,
        "recall": {"0.25m_2deg": 0.25, "0.5m_5deg": 0.5, "5m_10deg": 0.75},
    }


def _pass() -> dict[str, object]:
    read = {
        "voxels_read_median": 12.0,
        "codes_read_median": 1500.0,
        "right_voxel_codes_read_mean": None,
    }
    shares = {"1": 0.5, "5": 1.0}
    return {
        "queries": {"rendered": 8, "asked": 4, "why": "few"},
        "neumap": {**_row(1, 0.1234), "read": read},
        "all_codes": {**_row(1, 0.5), "read": read},
        "retrieved_voxels": {**_row(1, 0.5), "read": read},
        "yardstick": _row(3, None),
        "activation": {
            "voxels_seen_median": 3.5,
            "queries_that_show_a_voxel": 4,
            "right_voxel_first": shares,
            "right_voxel_seen_by_first_photos": shares,
            "voxels_retrieved_median": 20.0,
            "seen_among_retrieved_mean": 0.9,
        },
    }


@pytest.fixture
def result() -> dict[str, object]:
    return {
        "command": "python -m benchmarks.town --folder FOLDER --out OUT",
        "num_mapped": 1000,
        "num_points": 20_000,
        "num_voxels": 500,
        "voxel_side_m": 8.0,
        "voxels_seen_by_a_mapped_photo_median": 4.0,
        "num_codes": 3_000,
        "map_bytes": 64_000,
        "yardstick_bytes": 63_994,
        "retrieval_index_bytes": 8_192_000,
        "day": _pass(),
        "night": _pass(),
    }


def test_the_page_has_the_figures_of_the_committed_result():
    text = PAGE.read_text(encoding="utf-8")
    committed = json.loads(RESULT.read_text(encoding="utf-8"))
    assert page(text, committed) == text, "run python -m benchmarks.town_page"


def test_figures_replace_those_before_and_leave_the_text_above(result):
    written = page("# Town\n\ntext\n\n## Figures\n\nstale\n", result)
    assert written.startswith("# Town\n\ntext\n\n## Figures\n\n`python -m benchmarks.town")
    assert "stale" not in written
    assert page(written, result) == written


def test_every_table_row_has_as_many_cells_as_its_heading(result):
    lines = [line for line in figures_section(result).splitlines() if line.startswith("|")]
    assert len(lines) == 2 * (2 + 4)
    assert {line.count("|") for line in lines} == {12}


def test_cells_are_the_figures_and_infinite_where_half_of_the_queries_failed(result):
    lines = figures_section(result).splitlines()
    places = next(line for line in lines if line.startswith("| neumap: the places"))
    assert places.endswith("| 25.0% | 50.0% | 75.0% | 0.123 | 0.50 | 12 | 1,500 | none |")
    nearest = next(line for line in lines if line.startswith("| yardstick |"))
    assert nearest == "| yardstick | 3 | 1 | 25.0% | 50.0% | 75.0% | inf | inf |  |  |  |"
