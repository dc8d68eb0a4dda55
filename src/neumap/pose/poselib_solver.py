"""The default solver; the only file that imports poselib."""

from collections.abc import Mapping

import poselib

from neumap.geometry import RigidTransform
from neumap.pose.ideal_points import IdealPoints
from neumap.pose.solver import AbstractPoseSolver, Hypothesis

# P3P has up to four answers for each sample.
ANSWERS_PER_SAMPLE = 4


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
                "min_iterations": min(1000, self.config.max_iterations),
                "seed": self.config.seed,
            },
            poselib.RansacOptions(),
        )
        bundle = checked_options(
            {"loss_type": "CAUCHY", "loss_scale": 0.25 * self.config.threshold_px},
            poselib.BundleOptions(),
        )
        # The size is not used for a pinhole; the principal point is the origin.
        camera = {
            "model": "SIMPLE_PINHOLE",
            "width": 0,
            "height": 0,
            "params": [points.focal_px, 0.0, 0.0],
        }
        pose, info = poselib.estimate_absolute_pose(
            points.xy_px, points.xyz, camera, ransac, bundle
        )
        if info["num_inliers"] == 0:
            return None  # poselib then returns the identity
        return Hypothesis(
            RigidTransform(pose.R, pose.t), ANSWERS_PER_SAMPLE * int(info["iterations"])
        )
