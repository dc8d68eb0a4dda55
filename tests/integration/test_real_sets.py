"""Real image sets: map at 14 kB and localise the photos left out; bounds are twice the measured."""

import os
from pathlib import Path

import pytest

import neumap
from neumap.images import Split
from room import figures_of

_BESIDE_REPOSITORY = Path(__file__).parents[2].parent / "shared"
DATA = Path(os.environ.get("NEUMAP_DATA", _BESIDE_REPOSITORY / "data"))


@pytest.mark.parametrize(
    ("name", "max_position_error", "max_rotation_error_deg"),
    [("strecha_fountain-P11", 0.021, 0.15), ("lund_door", 0.045, 0.125)],
)
def test_queries_of_a_real_set_are_localised(
    name, max_position_error, max_rotation_error_deg, tmp_path
):
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is absent (set NEUMAP_DATA)")
    image_set = neumap.read_images(DATA / name)
    split = Split.of(image_set)
    path = tmp_path / "real.neumap"
    neumap.map_scene(image_set, split_names=split.map_names, budget_bytes=14_000).save(path)
    assert path.stat().st_size <= 14_000
    queries = split.apply(image_set)[1]
    figures = figures_of(neumap.Map.load(path), queries)
    assert figures["median_position_error_m"] < max_position_error, figures
    assert figures["median_rotation_error_deg"] < max_rotation_error_deg, figures
