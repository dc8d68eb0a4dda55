"""Camera poses from 2D-3D correspondences; solvers know points, not networks.

In: Correspondences, Camera.  Out: PoseEstimate or PoseFailure.
"""

from neumap.pose.pose_estimate import Correspondences as Correspondences
from neumap.pose.pose_estimate import PoseEstimate as PoseEstimate
from neumap.pose.pose_estimate import PoseFailure as PoseFailure
