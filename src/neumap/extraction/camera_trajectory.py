"""The poses of a bag's camera, through /tf_static where another frame is posed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from neumap.errors import DataError, OptionError
from neumap.extraction.bag_topics import BagTopics
from neumap.extraction.ros_bag import RosBag
from neumap.extraction.ros_messages import Message, frame_of, pose_message
from neumap.extraction.static_frames import read_static_frames
from neumap.geometry import RigidTransform


@dataclass(frozen=True, eq=False)
class CameraTrajectory:
    """Poses sorted by time; `world_from_cam` is batched."""

    times_ns: Int64[np.ndarray, " pose"]
    world_from_cam: RigidTransform
    camera_frame: str
    """Coordinate frame of the photos."""


def read_camera_trajectory(bag: RosBag, topics: BagTopics) -> CameraTrajectory:
    """Read all poses of the pose topic as poses of the camera.

    Raises DataError on a malformed pose, a topic without messages, or frames that /tf_static does
    not join; OptionError where neither the messages nor the user say which frame is posed.
    """
    poses = sorted(
        (pose_message(message) for message in bag.messages(topics.pose)),
        key=lambda pose: pose.time_ns,
    )
    photo = next(iter(bag.messages(topics.image)), None)
    if not poses or photo is None:
        empty = topics.image if poses else topics.pose
        raise DataError(f"{bag.path}, {empty}", "holds no message", "Name another topic.")
    stated = topics.posed_frame or poses[0].posed_frame
    if not stated:
        raise OptionError(
            "--posed-frame",
            f"the messages of {topics.pose} do not say which frame they pose",
            f"Name it; it is {photo.frame} if the poses are those of the camera.",
        )
    world_from_posed = RigidTransform(
        np.stack([pose.world_from_posed.rotation for pose in poses]),
        np.stack([pose.world_from_posed.translation for pose in poses]),
    )
    posed_from_cam = _posed_from_cam(bag, frame_of(stated), photo)
    times_ns = np.array([pose.time_ns for pose in poses], dtype=np.int64)
    return CameraTrajectory(times_ns, world_from_posed @ posed_from_cam, photo.frame)


def _posed_from_cam(bag: RosBag, posed_frame: str, photo: Message) -> RigidTransform:
    if posed_frame == photo.frame:
        return RigidTransform.identity()
    pose = read_static_frames(bag).pose_in(photo.frame, other=posed_frame)
    if pose is None:
        raise DataError(
            photo.subject,
            f"is of the frame {photo.frame!r}, the poses are of {posed_frame!r}, and /tf_static "
            "does not join them",
            "Record /tf_static, or name poses of the camera.",
        )
    return pose
