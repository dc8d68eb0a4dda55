"""kapture 1.x data sets, single or split in mapping and queries (NAVER LABS) -> ImageSet."""

from dataclasses import dataclass, replace
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.input_text import cut_warnings
from neumap.images.kapture_tables import UNKNOWN_CAMERA, KaptureTables, read_tables
from neumap.images.posed_image import ImageSet

SIGN = "sensors/sensors.txt, also in mapping and query (kapture)"
MAPPING_FOLDERS = ("mapping", "training")
QUERY_FOLDERS = ("query", "query_day", "query_night", "validation", "test", "testing")
"""Folders of a data set that is stored as several kaptures."""
TABLES = ("sensors.txt", "rigs.txt", "trajectories.txt", "records_camera.txt")

_LAYOUT = Layout(
    name="kapture",
    units="unknown",
    convention=(
        "kapture: cam_from_world as quaternion (scalar first) and translation, by way of rigs, "
        "OpenCV axes, camera models of COLMAP, pixel origin at the corner of the first pixel."
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """The photos of one kapture."""

    frames: tuple[ListedFrame, ...]
    is_metric: bool
    warnings: tuple[str, ...]
    faults: tuple[Fault, ...]


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a kapture, or holds one to map."""
    return any(_is_kapture(root / name) for name in (".", *MAPPING_FOLDERS))


def read(root: Path) -> ImageSet:
    """Read a kapture, or those of the mapping and query folders below root.

    Units are metre where a sensor is a depth camera or lidar, else unknown.
    Queries without trajectories.txt have no known pose; photos that a trajectories.txt leaves
    out are left out with a warning. Raises DataError on malformed lines (all of them), on cameras
    without intrinsics, or if no photo is on disk.
    """
    if _is_kapture(root):
        part = _read_part(root, root)
        return _joined(root, (part,), given_split=None)
    to_map = [_read_part(root, root / name) for name in _present(root, MAPPING_FOLDERS)]
    queries = [_read_part(root, root / name) for name in _present(root, QUERY_FOLDERS)]
    if not to_map:
        raise DataError(
            str(root),
            "holds no sensors/sensors.txt",
            f"Put the kapture here, or the one to map in {MAPPING_FOLDERS[0]}.",
        )
    names = (_names(to_map), _names(queries))
    given_split = names if queries else None
    return _joined(root, (*to_map, *queries), given_split=given_split)


def _is_kapture(folder: Path) -> bool:
    return (folder / "sensors" / "sensors.txt").is_file()


def _present(root: Path, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if _is_kapture(root / name)]


def _names(parts: list[_Part]) -> tuple[str, ...]:
    return tuple(frame.name for part in parts for frame in part.frames)


def _joined(
    root: Path,
    parts: tuple[_Part, ...],
    *,
    given_split: tuple[tuple[str, ...], tuple[str, ...]] | None,
) -> ImageSet:
    return assemble(
        root,
        replace(_LAYOUT, units="metre" if any(part.is_metric for part in parts) else "unknown"),
        [frame for part in parts for frame in part.frames],
        warnings=[sentence for part in parts for sentence in part.warnings],
        faults=[fault for part in parts for fault in part.faults],
        given_split=given_split,
    )


def _read_part(root: Path, folder: Path) -> _Part:
    sensors = folder / "sensors"
    try:
        tables = read_tables(sensors)
    except DataError as error:  # raised with those of the other parts
        return _Part(frames=(), is_metric=False, warnings=(), faults=error.faults)
    prefix = (sensors / "records_data").relative_to(root).as_posix()
    frames: list[ListedFrame] = []
    unposed: list[str] = []
    faults = _camera_faults(tables)
    for record in tables.records:
        camera = tables.cameras.get(record.device)
        if camera is None:
            continue  # stated by _camera_faults
        pose = tables.cam_from_world(record.timestamp, record.device)
        if pose is None and tables.has_trajectories:
            unposed.append(record.name)
            continue
        frames.append(ListedFrame(f"{prefix}/{record.name}", camera, pose))
    warnings = cut_warnings(*(sensors / name for name in TABLES if (sensors / name).is_file()))
    if unposed:
        where = sensors.relative_to(root).as_posix()
        warnings.append(
            f"{examples(unposed)} photos have no pose in {where}/trajectories.txt and were left "
            "out."
        )
    return _Part(
        frames=tuple(frames),
        is_metric=tables.is_metric,
        warnings=tuple(warnings),
        faults=tuple(faults),
    )


def _camera_faults(tables: KaptureTables) -> list[Fault]:
    """Return a fault for the first photo of each device that has no intrinsics."""
    faults: dict[str, Fault] = {}
    for record in tables.records:
        if record.device not in tables.cameras:
            reason = f"device {record.device} is no camera of sensors.txt"
        elif tables.cameras[record.device] is None:
            reason = f"device {record.device} is an {UNKNOWN_CAMERA}: no focal length"
        else:
            continue
        remedy = "State the camera's model and parameters in sensors.txt."
        faults.setdefault(record.device, Fault(record.subject, reason, remedy))
    return list(faults.values())
