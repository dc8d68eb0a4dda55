"""Localised queries as the tables of a kapture 1.1 folder."""

from collections.abc import Sequence

from neumap.errors import DataError, Fault
from neumap.evaluation.posed_query import PosedQuery, numbered_cameras, numbers

KAPTURE_MODELS = frozenset(
    {
        *("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "FULL_OPENCV"),
        *("OPENCV_FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "FOV"),
        "THIN_PRISM_FISHEYE",
    }
)
"""Camera models of kapture 1.1; parameters and pixel origin are those of COLMAP."""

_HEAD = "# kapture format: 1.1"


def kapture_files(queries: Sequence[PosedQuery]) -> dict[str, str]:
    """Return sensors, trajectories and records by path; poses are cam_from_world.

    The time stamp of a photo is its place in the predictions file, and its name is the path below
    `sensors/records_data`. Raises DataError on camera models that kapture does not have.
    """
    cameras = numbered_cameras(queries)
    faults = [
        Fault(f"camera {camera.model}", "is no camera model of kapture 1.1", "Export to colmap.")
        for camera in cameras
        if camera.model not in KAPTURE_MODELS
    ]
    if faults:
        raise DataError.from_faults(faults)
    sensors = [_HEAD, "# sensor_device_id, name, sensor_type, [sensor_params]+"]
    for camera, number in cameras.items():
        params = numbers(*camera.params, separator=", ")
        size = f"{camera.width}, {camera.height}"
        sensors.append(f"camera{number}, , camera, {camera.model}, {size}, {params}")
    trajectories = [_HEAD, "# timestamp, device_id, qw, qx, qy, qz, tx, ty, tz"]
    records = [_HEAD, "# timestamp, device_id, image_path"]
    for query in queries:
        pose, key = query.cam_from_world, f"{query.position}, camera{cameras[query.camera]}"
        values = numbers(*pose.quat_wxyz, *pose.translation, separator=", ")
        trajectories.append(f"{key}, {values}")
        records.append(f"{key}, {query.name}")
    tables = {"sensors": sensors, "trajectories": trajectories, "records_camera": records}
    return {
        f"sensors/{name}.txt": "".join(f"{line}\n" for line in lines)
        for name, lines in tables.items()
    }
