import poselib
import pytest

from neumap.pose.poselib_solver import checked_options


def test_option_that_poselib_would_ignore_is_refused():
    with pytest.raises(ValueError, match="max_error"):
        checked_options({"max_error": 1.0}, poselib.RansacOptions())


def test_known_options_pass_unchanged():
    options = {"max_reproj_error": 3.0, "seed": 1}
    assert checked_options(options, poselib.RansacOptions()) == options
