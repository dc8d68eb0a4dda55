"""ROS 1 and ROS 2 bags through the library rosbags, its errors as ours; no ROS is needed."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumap.errors import DataError, OptionError
from neumap.extraction.ros_messages import Message

TRANSFORMS_TYPE = "tf2_msgs/msg/TFMessage"
_TRANSFORMS_FIELDS = "geometry_msgs/TransformStamped[] transforms"
_REMEDY = "Supply a whole bag: a .bag or .mcap file, or the folder of a ROS 2 bag."


@dataclass(frozen=True, eq=False)
class RosBag:
    """An open bag."""

    path: Path
    types: dict[str, str]
    """Type of each topic, in the spelling of ROS 2, e.g. sensor_msgs/msg/Image."""
    counts: dict[str, int]
    """Messages of each topic."""
    _reader: Any  # AnyReader; the library is optional

    def messages(self, topic: str) -> Iterator[Message]:
        """Yield the messages of a topic in the order of their recording.

        Raises DataError where the bag is cut or a message is not of its type.
        """
        connections = [c for c in self._reader.connections if c.topic == topic]
        raw_messages = self._reader.messages(connections=connections)
        number = 0
        while True:
            subject = f"{self.path}, {topic}, message {number}"
            try:
                connection, _, raw = next(raw_messages)
                message = self._reader.deserialize(raw, connection.msgtype)
            except StopIteration:
                return
            except Exception as error:  # the library's own, its database's and its parsers'
                raise DataError(subject, f"cannot be read ({error})", _REMEDY) from error
            yield Message(subject, message)
            number += 1


@contextmanager
def open_bag(path: Path) -> Generator[RosBag]:
    """Open a bag.

    Raises OptionError where rosbags is not installed, DataError on a path that holds no bag.
    """
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore
    except ImportError as error:
        remedy = "Install it: pip install 'neumap[datasets]'."
        raise OptionError(str(path), "needs the library rosbags", remedy) from error
    # bags older than ROS 2 Iron do not hold the definitions of their types
    known = get_typestore(Stores.ROS2_HUMBLE)
    if TRANSFORMS_TYPE not in known.fielddefs:
        known.register(get_types_from_msg(_TRANSFORMS_FIELDS, TRANSFORMS_TYPE))
    try:
        reader = AnyReader([path], default_typestore=known)
        reader.open()
    except Exception as error:  # as above
        raise DataError(str(path), f"cannot be read as a ROS bag ({error})", _REMEDY) from error
    try:
        types = {connection.topic: connection.msgtype for connection in reader.connections}
        counts = dict.fromkeys(types, 0)
        for connection in reader.connections:
            counts[connection.topic] += connection.msgcount
        yield RosBag(path, types, counts, reader)
    finally:
        reader.close()
