"""Fixed coordinate frames of a robot: the transforms of /tf_static, chained."""

from collections.abc import Mapping
from dataclasses import dataclass

from neumap.errors import DataError
from neumap.extraction.ros_bag import TRANSFORMS_TYPE, RosBag
from neumap.extraction.ros_messages import Message, frame_of, transform_of
from neumap.geometry import RigidTransform

TOPIC = "/tf_static"


@dataclass(frozen=True, eq=False)
class StaticFrames:
    """Each frame's parent and its pose in it."""

    parents: Mapping[str, tuple[str, RigidTransform]]

    def pose_in(self, frame: str, *, other: str) -> RigidTransform | None:
        """Return other_from_frame, None where no chain of fixed transforms joins the two."""
        root, root_from_frame = self._to_root(frame)
        other_root, root_from_other = self._to_root(other)
        return root_from_other.inverse() @ root_from_frame if root == other_root else None

    def _to_root(self, frame: str) -> tuple[str, RigidTransform]:
        root_from_frame = RigidTransform.identity()
        seen = {frame}
        while frame in self.parents:
            frame, parent_from_child = self.parents[frame]
            root_from_frame = parent_from_child @ root_from_frame
            if frame in seen:
                raise DataError(TOPIC, f"has a loop through {frame}", "Correct the recording.")
            seen.add(frame)
        return frame, root_from_frame


def read_static_frames(bag: RosBag) -> StaticFrames:
    """Read all of /tf_static, nothing where the bag has none; DataError on malformed poses."""
    parents: dict[str, tuple[str, RigidTransform]] = {}
    if bag.types.get(TOPIC) == TRANSFORMS_TYPE:
        for message in bag.messages(TOPIC):
            for stamped in message.content.transforms:
                pose = transform_of(Message(message.subject, stamped.transform))
                child = frame_of(stamped.child_frame_id)
                parents[child] = (frame_of(stamped.header.frame_id), pose)
    return StaticFrames(parents)
