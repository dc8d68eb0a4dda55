import math
from dataclasses import replace

import pytest

from benchmark_rows import made_row
from neumap.evaluation.further_figures import further_figures
from neumap.evaluation.trajectory_error import TrajectoryError


def _with_trajectory(row, alignment):
    trajectory = TrajectoryError(0.0123, 0.02, alignment, 1.1, 9, 10)
    return replace(row, summary=replace(row.summary, trajectory=trajectory))


@pytest.mark.parametrize("units", ["metre", "unknown"])
def test_every_heading_has_a_cell(units):
    row = made_row("neumap", 2000, [0.1, 0.2, 0.3], units=units)
    further = further_figures([row], own_method="neumap")
    assert len(further.rows[0].cells) == 4 + len(further.area_heads)
    with_trajectory = further_figures([_with_trajectory(row, "none")], own_method="neumap")
    assert len(with_trajectory.rows[0].cells) == 5 + len(further.area_heads)


def test_percentiles_and_areas_are_those_of_all_queries():
    row = made_row("neumap", 2000, [0.01, 0.02, 0.03, 0.04, math.inf])
    cells = further_figures([row], own_method="neumap").rows[0].cells
    assert cells[:2] == ("0.0400", "failed")
    assert cells[4] == "40.0 %"  # up to 5 cm: (0.8 + 0.6 + 0.4 + 0.2 + 0) / 5


def test_alignment_is_said_where_the_truth_has_no_scale_and_denied_elsewhere():
    row = made_row("neumap", 2000, [0.1], units="unknown")
    rows = [_with_trajectory(row, "similarity"), row]
    further = further_figures(rows, own_method="neumap")
    assert "similarity was fitted" in further.alignment
    assert further.rows[0].cells[-1] == "0.0123 (9)"
    metric = _with_trajectory(made_row("neumap", 2000, [0.1]), "none")
    assert "Nothing is aligned" in further_figures([metric], own_method="neumap").alignment


def test_pooled_scenes_have_no_trajectory_and_say_nothing_of_alignment():
    further = further_figures([made_row("neumap", 2000, [0.1])], own_method="neumap")
    assert not further.has_trajectory
    assert further.alignment == ""
