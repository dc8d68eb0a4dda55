"""The solver for machines without poselib wheels (Linux on ARM); imports OpenCV when made."""

import importlib
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from neumap.errors import OptionError
from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import IdealPoints
from neumap.pose.solver import AbstractPoseSolver, Hypothesis, SolverConfig

ANSWERS_PER_SAMPLE = 4


def _import_cv2() -> Any:  # noqa: ANN401  an optional module, absent where this is checked
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise OptionError(
            "solver opencv", "OpenCV is not installed", "Install opencv-python-headless."
        ) from error


class OpenCvSolver(AbstractPoseSolver):
    """OpenCV's USAC RANSAC on P3P, then the package's own refinement.

    Raises OptionError on construction when OpenCV is not installed.
    """

    def __init__(self, config: SolverConfig) -> None:
        super().__init__(config)
        self._cv2 = _import_cv2()

    def search(self, points: IdealPoints) -> Hypothesis | None:
        """Run OpenCV on the ideal pinhole image."""
        cv2 = self._cv2
        params = cv2.UsacParams()
        params.threshold = self.config.threshold_px
        params.maxIterations = self.config.max_iterations
        params.randomGeneratorState = self.config.seed
        params.confidence = 0.9999
        params.isParallel = False
        params.loMethod = cv2.LOCAL_OPTIM_INNER_LO
        params.score = cv2.SCORE_METHOD_MSAC
        params.sampler = cv2.SAMPLING_UNIFORM
        matrix = np.diag([points.focal_px, points.focal_px, 1.0])
        is_found, _, rotvec, translation, _ = cv2.solvePnPRansac(
            points.xyz, points.xy_px, matrix, None, params=params
        )
        if not is_found or not (np.isfinite(rotvec).all() and np.isfinite(translation).all()):
            return None
        rotation = Rotation.from_rotvec(np.asarray(rotvec, dtype=np.float64).ravel()).as_matrix()
        start = RigidTransform(rotation, np.asarray(translation, dtype=np.float64).ravel())
        pose = self.minimise(points, start, loss_scale_px=self.search_loss_px)
        # OpenCV does not tell its count, so the bound uses the most it may have tried.
        return Hypothesis(pose, ANSWERS_PER_SAMPLE * self.config.max_iterations)
