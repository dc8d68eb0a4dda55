"""The pose solver of this machine: PoseLib, or OpenCV where PoseLib has no wheel."""

import importlib
from importlib.util import find_spec

from neumap.pose.solver import AbstractPoseSolver, SolverConfig


def default_solver(config: SolverConfig) -> AbstractPoseSolver:
    """Return PoseLib's solver if it is installed, else OpenCV's.

    Raises OptionError where neither is installed.
    """
    # Each module imports its library, so only the one that is used may be imported.
    if find_spec("poselib") is not None:
        solver = importlib.import_module("neumap.pose.poselib_solver").PoseLibSolver(config)
    else:
        solver = importlib.import_module("neumap.pose.opencv_solver").OpenCvSolver(config)
    assert isinstance(solver, AbstractPoseSolver)
    return solver
