"""Which topics of a bag are taken: those that are named, else the only one of its type."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from neumap.errors import OptionError
from neumap.extraction.ros_bag import RosBag
from neumap.extraction.ros_messages import CAMERA_INFO, COMPRESSED, IMAGE, POSE_TYPES


@dataclass(frozen=True, kw_only=True)
class NamedTopics:
    """What the user names; None is looked for."""

    image: str | None = None
    camera_info: str | None = None
    pose: str | None = None
    depth: str | None = None
    """Depth is taken only if it is named: a bag does not say which one is registered."""
    posed_frame: str | None = None
    """Coordinate frame that the poses are of, where their messages do not say."""


@dataclass(frozen=True, kw_only=True)
class BagTopics:
    """The topics that are taken, each in the bag and of a fitting type."""

    image: str
    camera_info: str
    pose: str
    depth: str | None
    posed_frame: str | None

    @property
    def is_rectified(self) -> bool:
        """Tell by the names of image_proc (image_rect, image_rect_color) whether photos are."""
        return any("rect" in part for part in PurePosixPath(self.image).parts[-2:])


def choose_topics(bag: RosBag, named: NamedTopics) -> BagTopics:
    """Return the topics to take.

    Raises OptionError where a named topic is not in the bag or of another type, or where none or
    several could be meant; it lists those.
    """
    image = _one(bag, "--image-topic", named.image, (IMAGE, COMPRESSED))
    sibling = str(_without_transport(bag, image).parent / "camera_info")
    info = named.camera_info or (sibling if bag.types.get(sibling) == CAMERA_INFO else None)
    return BagTopics(
        image=image,
        camera_info=_one(bag, "--camera-info-topic", info, (CAMERA_INFO,)),
        pose=_one(bag, "--pose-topic", named.pose, POSE_TYPES),
        depth=None if named.depth is None else _one(bag, "--depth-topic", named.depth, (IMAGE,)),
        posed_frame=named.posed_frame,
    )


def _without_transport(bag: RosBag, image: str) -> PurePosixPath:
    """Return the base topic of a compressed one: image_transport puts /compressed behind it."""
    topic = PurePosixPath(image)
    return topic.parent if bag.types[image] == COMPRESSED else topic


def _one(bag: RosBag, option: str, named: str | None, types: tuple[str, ...]) -> str:
    fitting = [topic for topic, kind in sorted(bag.types.items()) if kind in types]
    names = ", ".join(fitting) or "none"
    kinds = " or ".join(types)
    if named is not None:
        if named not in fitting:
            reason = f"is not a topic of {bag.path} of type {kinds}"
            raise OptionError(f"{option} {named}", reason, f"Name one of: {names}.")
        return named
    if len(fitting) != 1:
        reason = f"{len(fitting)} topics of {bag.path} are of type {kinds}: {names}"
        raise OptionError(option, reason, f"Name the topic with {option}.")
    return fitting[0]
