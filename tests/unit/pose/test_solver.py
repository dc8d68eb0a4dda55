import pytest

from neumap.pose.solver import SolverConfig


@pytest.mark.parametrize(
    "bad",
    [
        {"threshold_px": 0.0},
        {"threshold_px": float("nan")},
        {"max_iterations": 0},
        {"seed": -1},
    ],
)
def test_values_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        SolverConfig(**bad)
