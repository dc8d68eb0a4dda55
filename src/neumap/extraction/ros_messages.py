"""What ROS messages say: time, pose, intrinsics, pixels and depth.

Conventions are those of REP 103 (axes), sensor_msgs/CameraInfo (pixel centres are whole numbers)
and REP 118 (depth).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8, UInt16

from neumap.errors import DataError
from neumap.geometry import RigidTransform
from neumap.images.colmap_model import pose_of

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
POSE_TYPES = (
    "geometry_msgs/msg/PoseStamped",
    "geometry_msgs/msg/PoseWithCovarianceStamped",
    "geometry_msgs/msg/TransformStamped",
    "nav_msgs/msg/Odometry",
)
CHANNELS: Mapping[str, tuple[int, ...]] = {
    "rgb8": (0, 1, 2),
    "bgr8": (2, 1, 0),
    "rgba8": (0, 1, 2),
    "bgra8": (2, 1, 0),
    "mono8": (0, 0, 0),
    "8UC1": (0, 0, 0),
}
"""Encodings that are read as photos: which stored channels are red, green and blue."""
NUM_CHANNELS = {"rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1}
PHOTO_SIGNS = {b"\xff\xd8": ".jpg", b"\x89P": ".png"}
"""First bytes of compressed photos that are kept as they are."""
DEPTH_UNITS_PER_METRE = 5000
"""Of the depth that is written."""


@dataclass(frozen=True, eq=False)
class Message:
    """One message of a bag."""

    subject: str
    """File, topic and number, for messages to the user."""
    content: Any
    """Has the fields of its ROS type; its class is made from definitions in the bag."""

    @property
    def time_ns(self) -> int:
        """Time stamp of the header in nanoseconds."""
        stamp = self.content.header.stamp
        return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)

    @property
    def frame(self) -> str:
        """Coordinate frame of the header."""
        return frame_of(self.content.header.frame_id)


@dataclass(frozen=True, eq=False)
class PoseMessage:
    """One pose with its time; the frame is empty where the message names none."""

    time_ns: int
    posed_frame: str
    world_from_posed: RigidTransform


def frame_of(name: str) -> str:
    """Return the name of a coordinate frame without the slash that ROS 1 may put before it."""
    return name.removeprefix("/")


def pose_message(message: Message) -> PoseMessage:
    """Read a message of one of POSE_TYPES; DataError on numbers that are no pose."""
    stamped = message.content
    content = stamped.transform if hasattr(stamped, "transform") else stamped.pose
    content = getattr(content, "pose", content)  # with covariance
    pose = transform_of(Message(message.subject, content))
    return PoseMessage(message.time_ns, frame_of(getattr(stamped, "child_frame_id", "")), pose)


def transform_of(message: Message) -> RigidTransform:
    """Read a geometry_msgs Pose or Transform; DataError on numbers that are no pose."""
    content = message.content
    is_pose = hasattr(content, "position")
    place = content.position if is_pose else content.translation
    turn = content.orientation if is_pose else content.rotation
    return pose_of(
        np.array([turn.w, turn.x, turn.y, turn.z], dtype=np.float64),
        np.array([place.x, place.y, place.z], dtype=np.float64),
        subject=message.subject,
    )


def calibration_of(message: Message, *, is_rectified: bool) -> tuple[float, ...]:
    """Return fx fy cx cy and distortion in the order of OpenCV, none where all of it is 0.

    Rectified photos have the intrinsics of P. Raises DataError on a lens model other than plumb_bob
    and rational_polynomial.
    """
    if is_rectified:
        p = _numbers(message, "P", counts=(12,))
        return (p[0], p[5], p[2], p[6])
    k = _numbers(message, "K", counts=(9,))
    model = str(message.content.distortion_model)
    distortion = _numbers(message, "D", counts=(0, 4, 5, 8))
    if model in ("plumb_bob", "rational_polynomial"):
        return (k[0], k[4], k[2], k[5], *(distortion if any(distortion) else ()))
    if model in ("", "none") and not any(distortion):
        return (k[0], k[4], k[2], k[5])
    reason = f"states the distortion model {model!r}; plumb_bob and rational_polynomial are read"
    raise DataError(message.subject, reason, "Record rectified photos (image_rect).")


def _numbers(message: Message, name: str, *, counts: tuple[int, ...]) -> tuple[float, ...]:
    # ROS 1 spells the fields of CameraInfo in capitals, ROS 2 does not
    stored = getattr(message.content, name, None)
    values = np.asarray(stored if stored is not None else getattr(message.content, name.lower()))
    if len(values) not in counts or not np.isfinite(values).all():
        reason = f"has {len(values)} numbers or one that is not finite, expected {counts}"
        raise DataError(f"{message.subject}, field {name}", reason, "Calibrate the camera.")
    return tuple(float(value) for value in values)


def photo_of(message: Message) -> UInt8[np.ndarray, "height width 3"]:
    """Return the pixels of a sensor_msgs/Image; DataError on an encoding that is not read."""
    encoding = str(message.content.encoding)
    if encoding not in CHANNELS:
        reason = f"has the encoding {encoding}; {', '.join(CHANNELS)} are read"
        raise DataError(message.subject, reason, "Convert the topic, or name another.")
    rows = _rows(message, pixel_bytes=NUM_CHANNELS.get(encoding, 3))
    pixels = rows.reshape(int(message.content.height), int(message.content.width), -1)
    return pixels[:, :, list(CHANNELS[encoding])]


def depth_of(message: Message) -> UInt16[np.ndarray, "height width"]:
    """Return depth in 1/5000 m, 0 where there is none or it is beyond 13.1 m.

    16UC1 is in millimetres and 32FC1 in metres (REP 118). DataError on any other encoding.
    """
    encoding = str(message.content.encoding)
    types = {"16UC1": ("u2", 1e-3), "mono16": ("u2", 1e-3), "32FC1": ("f4", 1.0)}
    if encoding not in types:
        reason = f"has the encoding {encoding}; {', '.join(types)} are read as depth"
        raise DataError(message.subject, reason, "Name another topic.")
    kind, metres = types[encoding]
    dtype = np.dtype(kind).newbyteorder(">" if message.content.is_bigendian else "<")
    rows = _rows(message, pixel_bytes=dtype.itemsize)
    depth_m = rows.view(dtype).astype(np.float64) * metres
    stored = np.round(depth_m * DEPTH_UNITS_PER_METRE)
    with np.errstate(invalid="ignore"):
        is_depth = (stored > 0) & (stored < np.iinfo(np.uint16).max)
    return np.where(is_depth, stored, 0).astype(np.uint16)


def _rows(message: Message, *, pixel_bytes: int) -> UInt8[np.ndarray, "height row_bytes"]:
    """Return the bytes of each row without the padding behind it."""
    picture = message.content
    height, width, step = int(picture.height), int(picture.width), int(picture.step)
    data = np.asarray(picture.data, dtype=np.uint8)
    if min(height, width) < 1 or step < width * pixel_bytes or len(data) < height * step:
        reason = f"has {len(data)} bytes for {height} rows of {step} and {width} pixels a row"
        raise DataError(message.subject, reason, "Leave the message out.")
    rows = data[: height * step].reshape(height, step)
    return np.ascontiguousarray(rows[:, : width * pixel_bytes])


def compressed_photo(message: Message) -> tuple[bytes, str]:
    """Return the bytes of a sensor_msgs/CompressedImage and the suffix of their file."""
    data = bytes(message.content.data)
    for sign, suffix in PHOTO_SIGNS.items():
        if data.startswith(sign):
            return data, suffix
    reason = f"is neither JPEG nor PNG (format {str(message.content.format)!r})"
    raise DataError(message.subject, reason, "Name another topic.")
