"""A ROS bag -> a folder in the layout of TUM RGB-D.

That layout keeps time stamps, takes the distortion that camera_info states and has depth. Poses are
those of the camera at the times of the photos, interpolated as in `neumap.images.time_stamps`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from neumap.errors import DataError, PhotoError
from neumap.extraction.bag_topics import BagTopics, NamedTopics, choose_topics
from neumap.extraction.camera_trajectory import read_camera_trajectory
from neumap.extraction.ros_bag import RosBag, open_bag
from neumap.extraction.ros_messages import (
    COMPRESSED,
    Message,
    calibration_of,
    compressed_photo,
    depth_of,
    photo_of,
)
from neumap.geometry import RigidTransform
from neumap.images import photo_size
from neumap.images.time_stamps import interpolated

MAX_DEPTH_GAP_NS = 20_000_000
"""As the reader of the layout associates."""


@dataclass(frozen=True)
class BagExtraction:
    """What was taken from a bag."""

    topics: BagTopics
    num_photos: int
    num_without_pose: int
    num_depth: int


def extract_bag(
    path: Path,
    folder: Path,
    *,
    named: NamedTopics,
    every: int,
    progress: Callable[[int, int], None],
) -> BagExtraction:
    """Write every n-th photo that has a pose into an empty folder.

    `progress` takes (photos done, photos). Raises OptionError on topics that cannot be chosen,
    DataError on a bag or messages that cannot be used, OSError where the folder cannot be written.
    """
    with open_bag(path) as bag:
        topics = choose_topics(bag, named)
        trajectory = read_camera_trajectory(bag, topics)
        size = _write_calibration(bag, topics, folder / "calibration.txt")
        num_without_pose = 0
        times_ns: list[int] = []
        photo_lines: list[str] = []
        pose_lines = ["# timestamp tx ty tz qx qy qz qw (world from camera)"]
        for number, message in enumerate(bag.messages(topics.image)):
            progress(number + 1, bag.counts[topics.image])
            if number % every:
                continue
            pose = interpolated(message.time_ns, trajectory.times_ns, trajectory.world_from_cam)
            if pose is None:
                num_without_pose += 1
                continue
            is_compressed = bag.types[topics.image] == COMPRESSED
            name = _write_photo(folder, message, is_compressed=is_compressed, size=size)
            times_ns.append(message.time_ns)
            photo_lines.append(f"{_seconds(message.time_ns)} {name}")
            pose_lines.append(_pose_line(message.time_ns, pose))
        if not times_ns:
            reason = f"none of {num_without_pose} photos of {topics.image} has a pose"
            raise DataError(str(path), reason, f"Name another pose topic than {topics.pose}.")
        _write_lines(folder / "rgb.txt", photo_lines)
        _write_lines(folder / "groundtruth.txt", pose_lines)
        num_depth = 0
        if topics.depth is not None:
            depth = bag.messages(topics.depth)
            num_depth = _write_depth(folder, depth, times_ns, camera_frame=trajectory.camera_frame)
    return BagExtraction(topics, len(times_ns), num_without_pose, num_depth)


def _write_calibration(bag: RosBag, topics: BagTopics, path: Path) -> tuple[int, int]:
    """Write the intrinsics of the first camera_info and return the size that they belong to."""
    message = next(bag.messages(topics.camera_info), None)
    if message is None:
        subject = f"{bag.path}, {topics.camera_info}"
        raise DataError(subject, "holds no message", "Name another topic.")
    values = calibration_of(message, is_rectified=topics.is_rectified)
    _write_lines(path, [" ".join(repr(value) for value in values)])
    return int(message.content.width), int(message.content.height)


def _write_photo(
    folder: Path, message: Message, *, is_compressed: bool, size: tuple[int, int]
) -> str:
    """Write one photo and return its name; compressed ones keep their bytes."""
    data, suffix = compressed_photo(message) if is_compressed else (b"", ".png")
    name = f"rgb/{_seconds(message.time_ns)}{suffix}"
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        raise DataError(message.subject, "has the time stamp of another photo", "Leave one out.")
    if is_compressed:
        path.write_bytes(data)
    else:
        Image.fromarray(photo_of(message)).save(path)
    try:
        stored = photo_size(path)
    except PhotoError as error:
        reason = f"is no whole photo ({error.faults[0].reason})"
        raise DataError(message.subject, reason, "Leave the message out.") from error
    if stored != size:
        reason = f"has {stored[0]} x {stored[1]} pixels, camera_info {size[0]} x {size[1]}"
        raise DataError(message.subject, reason, "Name the camera_info of these photos.")
    return name


def _write_depth(
    folder: Path, messages: Iterator[Message], times_ns: Sequence[int], *, camera_frame: str
) -> int:
    """Write the depth pictures near the times of photos and return how many."""
    (folder / "depth").mkdir()
    near = np.array(sorted(times_ns), dtype=np.int64)
    lines: list[str] = []
    for message in messages:
        if message.frame != camera_frame:
            reason = f"is of the frame {message.frame!r}, the photos are of {camera_frame!r}"
            remedy = "Name depth that is registered to the photos."
            raise DataError(message.subject, reason, remedy)
        if np.abs(near - message.time_ns).min() >= MAX_DEPTH_GAP_NS:
            continue
        stamp = _seconds(message.time_ns)
        Image.fromarray(depth_of(message)).save(folder / "depth" / f"{stamp}.png")
        lines.append(f"{stamp} depth/{stamp}.png")
    _write_lines(folder / "depth.txt", lines)
    return len(lines)


def _seconds(time_ns: int) -> str:
    """Write all digits: seconds as a float have not enough of them."""
    return f"{time_ns // 1_000_000_000}.{time_ns % 1_000_000_000:09d}"


def _pose_line(time_ns: int, world_from_cam: RigidTransform) -> str:
    qw, qx, qy, qz = world_from_cam.quat_wxyz
    values = (*world_from_cam.translation, qx, qy, qz, qw)
    return " ".join([_seconds(time_ns), *(repr(float(value)) for value in values)])


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
