"""The synthetic capture as ROS 1 and ROS 2 bags, written by rosbags with the types of ROS."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from layout_writers import CX, CY, FX, FY, HEIGHT, WIDTH, Capture
from sens_writer import photo_bytes

FIRST_NS = 1403636579763555584
STEP_NS = 50_000_000
BASE_FROM_CAM = np.eye(4)
BASE_FROM_CAM[:3, :3] = Rotation.from_rotvec([0.1, -0.2, 1.5]).as_matrix()
BASE_FROM_CAM[:3, 3] = [-0.02, -0.06, 0.01]
CAMERA, BASE, MAST = "camera_optical", "base_link", "mast"
TF_MESSAGE = "tf2_msgs/msg/TFMessage"


@dataclass(frozen=True, kw_only=True)
class BagContent:
    """What of the capture stands in the bag, and how."""

    is_compressed: bool = False
    encoding: str = "rgb8"
    padding: int = 0
    """Bytes behind each row of a photo."""
    depth_encoding: str = "16UC1"
    depth_frame: str = CAMERA
    pose_type: str = "nav_msgs/msg/Odometry"
    pose_frame: str = BASE
    has_static: bool = True
    distortion_model: str = "plumb_bob"
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    info_size: tuple[int, int] = (WIDTH, HEIGHT)
    quat_scale: float = 1.0
    num_poses: int | None = None


def write_bag(
    path: Path, capture: Capture, content: BagContent | None = None, *, version: int = 1
) -> None:
    """Version 1 is a .bag file, 2 a folder; 2 with a path ending in mcap stores that."""
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import StoragePlugin
    from rosbags.rosbag2 import Writer as Writer2

    content = content or BagContent()
    types = _types(version)
    if version == 1:
        writer = Writer1(path)
    else:
        plugin = StoragePlugin.MCAP if path.name.endswith("mcap") else StoragePlugin.SQLITE3
        writer = Writer2(path, version=9, storage_plugin=plugin)
    serialize = types.serialize_ros1 if version == 1 else types.serialize_cdr
    with writer:
        connections = {}
        for topic, kind, time_ns, message in _Messages(types, version, content).of(capture):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=types)
            writer.write(connections[topic], time_ns, serialize(message, kind))


def _types(version: int):
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    types = get_typestore(Stores.ROS1_NOETIC if version == 1 else Stores.ROS2_HUMBLE)
    fields = "geometry_msgs/TransformStamped[] transforms"
    types.register(get_types_from_msg(fields, TF_MESSAGE))
    return types


class _Messages:
    def __init__(self, types, version, content):
        self.types, self.version, self.content = types.types, version, content

    def of(self, capture):
        content = self.content
        if content.has_static:
            yield "/tf_static", TF_MESSAGE, FIRST_NS, self._static()
        poses = list(enumerate(capture.world_from_cam))[: content.num_poses]
        for index, pose in poses:
            base = pose @ np.linalg.inv(BASE_FROM_CAM) if content.pose_frame == BASE else pose
            # three poses that do not turn, so that the one of the photo is between two others
            for offset_ns in (-5_000_000, 0, 5_000_000):
                time_ns = FIRST_NS + STEP_NS * index + offset_ns
                yield "/pose", content.pose_type, time_ns, self._pose(base, time_ns)
        for index, photo in enumerate(capture.photos):
            time_ns = FIRST_NS + STEP_NS * index + 1
            kind = "CompressedImage" if content.is_compressed else "Image"
            topic = "/camera/image_raw" + ("/compressed" if content.is_compressed else "")
            yield topic, f"sensor_msgs/msg/{kind}", time_ns, self._photo(photo, time_ns)
            info_type = "sensor_msgs/msg/CameraInfo"
            yield "/camera/camera_info", info_type, time_ns, self._info(time_ns)
            depth = self._depth(capture.depth_m, time_ns)
            yield "/camera/depth", "sensor_msgs/msg/Image", time_ns + 2, depth

    def _header(self, time_ns, frame):
        stamp = self.types["builtin_interfaces/msg/Time"](
            sec=time_ns // 10**9, nanosec=time_ns % 10**9
        )
        more = {"seq": 0} if self.version == 1 else {}
        return self.types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame, **more)

    def _transform(self, parent, child, matrix, time_ns):
        vector = self.types["geometry_msgs/msg/Vector3"](*(float(v) for v in matrix[:3, 3]))
        return self.types["geometry_msgs/msg/TransformStamped"](
            header=self._header(time_ns, parent),
            child_frame_id=child,
            transform=self.types["geometry_msgs/msg/Transform"](
                translation=vector, rotation=self._quaternion(matrix)
            ),
        )

    def _quaternion(self, matrix):
        values = self.content.quat_scale * Rotation.from_matrix(matrix[:3, :3]).as_quat()
        return self.types["geometry_msgs/msg/Quaternion"](*(float(v) for v in values))

    def _static(self):
        """The camera sits on a mast on the base: two transforms to chain."""
        mast = np.eye(4)
        mast[2, 3] = 0.5
        top = np.linalg.inv(mast) @ BASE_FROM_CAM
        pairs = [(BASE, MAST, mast), (MAST, f"/{CAMERA}", top)]
        return self.types[TF_MESSAGE](
            transforms=[self._transform(*pair, FIRST_NS) for pair in pairs]
        )

    def _pose(self, matrix, time_ns):
        kind = self.content.pose_type
        if kind.endswith("TransformStamped"):
            return self._transform("map", self.content.pose_frame, matrix, time_ns)
        point = self.types["geometry_msgs/msg/Point"](*(float(v) for v in matrix[:3, 3]))
        pose = self.types["geometry_msgs/msg/Pose"](
            position=point, orientation=self._quaternion(matrix)
        )
        header = self._header(time_ns, "map")
        if kind.endswith("PoseStamped"):
            return self.types[kind](header=header, pose=pose)
        covariance = np.zeros(36)
        pose = self.types["geometry_msgs/msg/PoseWithCovariance"](pose, covariance)
        if kind.endswith("PoseWithCovarianceStamped"):
            return self.types[kind](header=header, pose=pose)
        zero = self.types["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0)
        twist = self.types["geometry_msgs/msg/Twist"](zero, zero)
        twist = self.types["geometry_msgs/msg/TwistWithCovariance"](twist, covariance)
        return self.types[kind](header, self.content.pose_frame, pose, twist)

    def _photo(self, pixels, time_ns):
        header = self._header(time_ns, CAMERA)
        if self.content.is_compressed:
            data = np.frombuffer(photo_bytes(pixels), np.uint8)
            return self.types["sensor_msgs/msg/CompressedImage"](header, "rgb8; png", data)
        stored = {"bgr8": pixels[:, :, ::-1], "mono8": pixels[:, :, :1]}
        stored["rgba8"] = np.concatenate([pixels, pixels[:, :, :1]], axis=2)
        rows = stored.get(self.content.encoding, pixels).reshape(len(pixels), -1)
        rows = np.pad(rows, ((0, 0), (0, self.content.padding)))
        return self._image(header, self.content.encoding, rows, width=pixels.shape[1])

    def _depth(self, depth_m, time_ns):
        if self.content.depth_encoding == "32FC1":
            values = depth_m.astype("<f4")
            values[0, 0] = np.nan
        else:
            values = np.round(depth_m * 1000).astype("<u2")
            values[0, 0] = 0
        header = self._header(time_ns, self.content.depth_frame)
        rows = values.view(np.uint8).reshape(len(values), -1)
        return self._image(header, self.content.depth_encoding, rows, width=depth_m.shape[1])

    def _image(self, header, encoding, rows, *, width):
        data = np.ascontiguousarray(rows).ravel()
        return self.types["sensor_msgs/msg/Image"](
            header, len(rows), width, encoding, 0, rows.shape[1], data
        )

    def _info(self, time_ns):
        cx, cy = CX - 0.5, CY - 0.5
        k = np.array([FX, 0, cx, 0, FY, cy, 0, 0, 1.0])
        p = np.array([FX + 1, 0, cx, 0, 0, FY + 1, cy, 0, 0, 0, 1, 0.0])
        names = ("D", "K", "R", "P") if self.version == 1 else ("d", "k", "r", "p")
        arrays = (np.array(self.content.distortion), k, np.eye(3).ravel(), p)
        roi = self.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        return self.types["sensor_msgs/msg/CameraInfo"](
            header=self._header(time_ns, CAMERA),
            width=self.content.info_size[0],
            height=self.content.info_size[1],
            distortion_model=self.content.distortion_model,
            binning_x=0,
            binning_y=0,
            roi=roi,
            **dict(zip(names, arrays, strict=True)),
        )
