import sys

import pytest

from neumap.errors import OptionError
from neumap.pose.opencv_solver import OpenCvSolver
from neumap.pose.solver import SolverConfig


def test_missing_opencv_is_a_typed_error_with_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(OptionError, match="opencv-python-headless"):
        OpenCvSolver(SolverConfig())
