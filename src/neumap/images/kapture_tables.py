"""The tables of a kapture folder (`sensors/*.txt`, format 1.x), parsed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from neumap.errors import DataError, Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.colmap_model import pose_of
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import Row, parse_float, parse_int, read_text, table_rows

FORMAT = "# kapture format: 1."
"""How sensors.txt begins; the minor version does not change what is read here."""
UNKNOWN_CAMERA = "UNKNOWN_CAMERA"
METRIC_SENSORS = ("depth", "lidar")
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraRecord:
    """One photo: when, by which device, and its path below records_data."""

    timestamp: int
    device: str
    name: str
    subject: str
    """File and line, for messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KaptureTables:
    """What a reader needs of the tables; poses are of devices, which are cameras or rigs."""

    cameras: dict[str, Camera | None]
    """None where the intrinsics are unknown."""
    device_from_rig: dict[str, tuple[str, RigidTransform]]
    """For each device on a rig, the rig and the pose."""
    device_from_world: dict[tuple[int, str], RigidTransform]
    records: tuple[CameraRecord, ...]
    has_trajectories: bool
    is_metric: bool
    """Whether a sensor measures metres (depth or lidar): the format states no unit for poses."""

    def cam_from_world(self, timestamp: int, device: str) -> RigidTransform | None:
        """Return the pose of a device at a time, by way of the rigs that carry it."""
        own = self.device_from_world.get((timestamp, device))
        if own is not None:
            return own
        seen = {device}
        device_from_carrier = RigidTransform.identity()
        while device in self.device_from_rig:
            device, step = self.device_from_rig[device]
            if device in seen:  # a rig that carries itself
                return None
            seen.add(device)
            device_from_carrier = device_from_carrier @ step
            carrier = self.device_from_world.get((timestamp, device))
            if carrier is not None:
                return device_from_carrier @ carrier
        return None


def read_tables(folder: Path) -> KaptureTables:
    """Read the tables of a `sensors` folder; DataError lists every malformed line of all."""
    sensors = folder / "sensors.txt"
    if not read_text(sensors).startswith(FORMAT):
        reason = f"does not begin with `{FORMAT}`"
        raise DataError(str(sensors), reason, "Supply kapture 1.0 or 1.1.")
    faults: list[Fault] = []
    devices = dict(_parsed(sensors, _parse_sensor, faults))
    rigs = dict(_parsed(folder / "rigs.txt", _parse_rig, faults))
    poses = dict(_parsed(folder / "trajectories.txt", _parse_pose, faults))
    records = tuple(_parsed(folder / "records_camera.txt", _parse_record, faults))
    if not (folder / "records_camera.txt").is_file():
        reason = "does not exist, so the data set has no photo"
        faults.append(Fault(str(folder / "records_camera.txt"), reason, "Restore the file."))
    if faults:
        raise DataError.from_faults(faults)
    return KaptureTables(
        cameras={device: camera for device, (kind, camera) in devices.items() if kind == "camera"},
        device_from_rig=rigs,
        device_from_world=poses,
        records=records,
        has_trajectories=(folder / "trajectories.txt").is_file(),
        is_metric=any(kind in METRIC_SENSORS for kind, _ in devices.values()),
    )


def _parsed(path: Path, parse: Callable[[Row], _T], faults: list[Fault]) -> Iterator[_T]:
    """Yield the parsed rows of a table, nothing if it is absent; faults are added."""
    if not path.is_file():
        return
    for row in table_rows(path, separator=","):
        with CollectFaults(faults, of=row.subject):
            yield parse(row)


def _expect(row: Row, count: int, columns: str) -> None:
    if len(row.fields) != count:
        reason = f"has {len(row.fields)} fields, expected {count}"
        raise DataError(row.subject, reason, f"Write `{columns}`.")


def _parse_sensor(row: Row) -> tuple[str, tuple[str, Camera | None]]:
    if len(row.fields) < 3:
        reason = f"has {len(row.fields)} fields, expected at least 3"
        raise DataError(row.subject, reason, "Write `device, name, type, parameters`.")
    device, _, kind, *params = row.fields
    if kind != "camera":
        return device, (kind, None)
    if len(params) < 3:
        raise DataError(
            row.subject, "states no model and size", "Write `model, width, height, parameters`."
        )
    if params[0] == UNKNOWN_CAMERA:
        return device, (kind, None)
    width, height = parse_int(params[1], row.subject), parse_int(params[2], row.subject)
    values = tuple(parse_float(value, row.subject) for value in params[3:])
    return device, (kind, Camera(params[0], width, height, values))


def _parse_rig(row: Row) -> tuple[str, tuple[str, RigidTransform]]:
    _expect(row, 9, "rig, device, qw, qx, qy, qz, tx, ty, tz")
    return row.fields[1], (row.fields[0], _pose(row))


def _parse_pose(row: Row) -> tuple[tuple[int, str], RigidTransform]:
    _expect(row, 9, "timestamp, device, qw, qx, qy, qz, tx, ty, tz")
    return (parse_int(row.fields[0], row.subject), row.fields[1]), _pose(row)


def _pose(row: Row) -> RigidTransform:
    numbers = row.floats(2, 9)
    return pose_of(numbers[:4], numbers[4:], subject=row.subject)


def _parse_record(row: Row) -> CameraRecord:
    _expect(row, 3, "timestamp, device, path")
    return CameraRecord(
        timestamp=parse_int(row.fields[0], row.subject),
        device=row.fields[1],
        name=row.fields[2],
        subject=row.subject,
    )
