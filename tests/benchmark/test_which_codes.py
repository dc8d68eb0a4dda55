import numpy as np
import pytest
from benchmarks.which_codes import bytes_at_equal_error, error_ratio

COVERAGE = [(1_000, 0.08), (2_000, 0.04), (4_000, 0.02)]


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_codes_that_need_a_share_of_the_bytes_are_found_to(share):
    learned = [(round(size * share), error) for size, error in COVERAGE]
    assert bytes_at_equal_error(learned, COVERAGE) == pytest.approx(share, rel=1e-3)


def test_sizes_whose_error_is_not_reached_are_left_out():
    learned = [(1_000, 0.06), (2_000, 0.03), (4_000, 0.03)]
    assert bytes_at_equal_error(learned, COVERAGE) == pytest.approx(2 ** np.log2(1.5) / 2, rel=0.05)


def test_nothing_is_said_where_no_error_is_shared():
    assert bytes_at_equal_error([(1_000, 0.2), (2_000, 0.1)], [(1_000, 0.01)]) is None
    assert bytes_at_equal_error([(1_000, np.inf), (2_000, 0.1)], COVERAGE) is None


def test_a_query_without_a_pose_counts_as_five_times_the_largest_error():
    found = error_ratio(np.array([0.02, np.inf]), np.array([0.01, 0.04]))
    assert found["ratio"] == pytest.approx(np.sqrt(2 * 0.2 / 0.04), rel=1e-3)
    assert error_ratio(np.array([0.3, 0.1]), np.array([0.3, 0.1])) == {"ratio": 1.0, "log_se": 0.0}
