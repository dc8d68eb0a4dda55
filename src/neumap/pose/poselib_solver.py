"""The default solver; the only file that imports poselib."""

from collections.abc import Mapping

import poselib

from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import IdealPoints
from neumap.pose.solver import AbstractPoseSolver, Hypothesis

# P3P has up to four answers for each sample.
ANSWERS_PER_SAMPLE = 4
# The search itself tells when a sample without outliers was seen; more samples than that made no
# pose better (decision 004).
_MIN_ITERATIONS = 100
# Steps of one polish; what remains of the way is below the poses' error by far.
_POLISH_STEPS = 15
_SEARCH_LOSS_SCALE = 0.25  # of the threshold, where a search ends


def checked_options(
    options: Mapping[str, float | str], known: Mapping[str, object]
) -> dict[str, float | str]:
    """Return the options, or raise ValueError on a key that poselib would drop in silence."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"unknown poselib options {unknown}, known are {sorted(known)}")
    return dict(options)


class PoseLibSolver(AbstractPoseSolver):
    """LO-RANSAC on P3P with a final bundle adjustment of the pose (PoseLib)."""

    def search(self, points: IdealPoints) -> Hypothesis | None:
        """Run poselib on the ideal pinhole image."""
        ransac = checked_options(
            {
                "max_reproj_error": self.config.threshold_px,
                "max_iterations": self.config.max_iterations,
                "min_iterations": min(_MIN_ITERATIONS, self.config.max_iterations),
                "seed": self.config.seed,
            },
            poselib.RansacOptions(),
        )
        pose, info = poselib.estimate_absolute_pose(
            points.xy_px,
            points.xyz,
            _camera(points),
            ransac,
            _bundle(100, _SEARCH_LOSS_SCALE * self.config.threshold_px),
        )
        if info["num_inliers"] == 0:
            return None  # poselib then returns the identity
        return Hypothesis(
            RigidTransform(pose.R, pose.t), ANSWERS_PER_SAMPLE * int(info["iterations"])
        )

    def minimise(
        self, points: IdealPoints, cam_from_shifted: RigidTransform, *, loss_scale_px: float
    ) -> RigidTransform:
        """Run the bundle adjustment that a search ends with, with another loss and fewer steps."""
        start = poselib.CameraPose()
        start.R, start.t = cam_from_shifted.rotation, cam_from_shifted.translation
        pose, _ = poselib.refine_absolute_pose(
            points.xy_px,
            points.xyz,
            start,
            _camera(points),
            _bundle(_POLISH_STEPS, loss_scale_px),
        )
        return RigidTransform(pose.R, pose.t)


def _bundle(max_iterations: int, loss_scale_px: float) -> dict[str, float | str]:
    return checked_options(
        {"loss_type": "CAUCHY", "loss_scale": loss_scale_px, "max_iterations": max_iterations},
        poselib.BundleOptions(),
    )


def _camera(points: IdealPoints) -> dict[str, object]:
    """The ideal pinhole: its size is not used, its principal point is the origin."""
    params = [points.focal_px, 0.0, 0.0]
    return {"model": "SIMPLE_PINHOLE", "width": 0, "height": 0, "params": params}
