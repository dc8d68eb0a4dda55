import importlib.util
import sys

import pytest

from neumap.errors import OptionError
from neumap.pose.default_solver import default_solver
from neumap.pose.poselib_solver import PoseLibSolver
from neumap.pose.solver import SolverConfig


def test_poselib_is_the_default():
    config = SolverConfig(threshold_px=5.0)
    solver = default_solver(config)
    assert isinstance(solver, PoseLibSolver)
    assert solver.config == config


def test_without_poselib_opencv_takes_over_and_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("neumap.pose.default_solver.find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(OptionError, match="opencv-python-headless"):
        default_solver(SolverConfig())
    monkeypatch.undo()
    assert importlib.util.find_spec("poselib") is not None
