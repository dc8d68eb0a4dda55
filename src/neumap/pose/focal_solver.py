"""Pose and focal length together, for photos whose camera is not known; imports pycolmap."""

import numpy as np
import pycolmap

from neumap.errors import CameraError
from neumap.geometry import Camera, RigidTransform
from neumap.pose.acceptance import SearchEffort
from neumap.pose.ideal_points import undistort
from neumap.pose.pose_estimate import Correspondences, PoseEstimate, PoseFailure
from neumap.pose.solver import Candidate, SolverConfig, judge

# P4Pf has up to ten answers for each sample.
ANSWERS_PER_SAMPLE = 10


class UnknownFocalSolver:
    """P4Pf in LO-RANSAC, then refinement of pose and focal length (pycolmap).

    Takes size and principal point from the given camera, one focal length for x and y, and no
    distortion.
    """

    def __init__(self, config: SolverConfig) -> None:
        self.config = config

    def solve(self, correspondences: Correspondences, camera: Camera) -> PoseEstimate | PoseFailure:
        """Return the pose with a camera of the estimated focal length, or why there is none."""
        xy_img = np.asarray(correspondences.xy_img, dtype=np.float64)
        xyz = np.asarray(correspondences.xyz_in_world, dtype=np.float64)
        is_used = np.isfinite(xy_img).all(axis=1) & np.isfinite(xyz).all(axis=1)
        num_pairs = len(correspondences)
        if is_used.sum() < 5:
            return PoseFailure(
                f"{int(is_used.sum())} usable matches, a pose with a focal length needs more "
                "than 4",
                num_pairs,
            )
        origin = np.median(xyz[is_used], axis=0)
        # A fresh camera each time, as pycolmap writes the estimate into it.
        unknown = pycolmap.Camera(
            model="SIMPLE_PINHOLE",
            width=camera.width,
            height=camera.height,
            params=[camera.fx, camera.cx, camera.cy],
        )
        answer = pycolmap.estimate_and_refine_absolute_pose(
            xy_img[is_used],
            xyz[is_used] - origin,
            unknown,
            self._estimation_options(),
            self._refinement_options(),
        )
        if answer is None:
            return PoseFailure("no pose and focal length fit the matches", num_pairs)
        params = tuple(float(value) for value in unknown.params)
        try:
            found = Camera("SIMPLE_PINHOLE", camera.width, camera.height, params)
        except CameraError:
            return PoseFailure(
                f"the matches ask for an impossible focal length ({params[0]:.0f} px)", num_pairs
            )
        cam_from_shifted = RigidTransform.from_matrix(answer["cam_from_world"].matrix())
        points = undistort(correspondences, found)
        pose = points.from_world(cam_from_shifted @ RigidTransform(np.eye(3), -origin))
        candidate = Candidate(correspondences, found, points, pose)
        return judge(candidate, self.effort, self.config.acceptance)

    @property
    def effort(self) -> SearchEffort:
        """How hard a search is at most."""
        return SearchEffort(
            ANSWERS_PER_SAMPLE * self.config.max_iterations,
            self.config.threshold_px,
            sample_size=4,
            has_free_focal=True,
        )

    def _estimation_options(self) -> pycolmap.AbsolutePoseEstimationOptions:
        options = pycolmap.AbsolutePoseEstimationOptions()
        options.estimate_focal_length = True
        options.ransac.max_error = self.config.threshold_px
        options.ransac.max_num_trials = self.config.max_iterations
        options.ransac.min_num_trials = min(1000, self.config.max_iterations)
        options.ransac.random_seed = self.config.seed
        return options

    def _refinement_options(self) -> pycolmap.AbsolutePoseRefinementOptions:
        options = pycolmap.AbsolutePoseRefinementOptions()
        options.refine_focal_length = True
        options.refine_extra_params = False
        # Points carry map noise of several pixels, for which COLMAP's 1 px is too strict.
        options.loss_function_scale = 0.5 * self.config.threshold_px
        return options
