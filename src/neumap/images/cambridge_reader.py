"""Cambridge Landmarks (dataset_train.txt, dataset_test.txt, reconstruction.nvm) -> ImageSet.

Poses come from the two lists (`file X Y Z W P Q R`: the camera's centre, and the rotation of
cam_from_world, scalar first), focal lengths and distortion from the NVM file, which names the
photos .jpg where the lists and the disk have .png.
"""

from pathlib import Path, PurePosixPath
from statistics import median

from neumap.errors import DataError, Fault
from neumap.geometry import RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.colmap_model import pose_at
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import Row, cut_warnings, table_rows
from neumap.images.nvm import NvmCamera, read_nvm
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

LISTS = ("dataset_train.txt", "dataset_test.txt")
"""Photos to map, and queries."""
MODEL = "reconstruction.nvm"
SIGN = "dataset_train.txt and dataset_test.txt (cambridge)"
ORIGINAL_SIZE = (1920, 1080)
"""Size of the data set's photos, to which the focal lengths of its NVM files belong."""

_LAYOUT = Layout(
    name="cambridge",
    units="metre",
    convention=(
        "Cambridge Landmarks: rotation of cam_from_world as quaternion (scalar first) and the "
        "camera's centre, OpenCV axes, principal point at the centre of the photo."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a scene of Cambridge Landmarks."""
    return all((root / name).is_file() for name in LISTS)


def read(root: Path) -> ImageSet:
    """Read a scene, in metres; the two lists are the given split.

    Focal lengths are those of 1920 x 1080 photos where the stored ones have that aspect, else of
    the stored ones. Raises DataError on malformed lines (all of them), or if no photo is on disk.
    """
    for name in (*LISTS, MODEL):
        if not (root / name).is_file():
            raise DataError(str(root / name), "does not exist", "Unpack the whole scene.")
    faults: list[Fault] = []
    poses = [_read_list(root / name, faults) for name in LISTS]
    cameras = _cameras(root / MODEL, faults)
    if faults:
        raise DataError.from_faults(faults)
    names = [name for part in poses for name in part]
    stored = most_common_size(root / name for name in names if (root / name).is_file())
    size = _size_of_focals(stored or ORIGINAL_SIZE)
    frames: list[ListedFrame] = []
    without_focal: list[str] = []
    typical = _typical(cameras)
    for name, pose in ((name, pose) for part in poses for name, pose in part.items()):
        camera = cameras.get(_stem(name))
        if camera is None:
            without_focal.append(name)
            camera = typical
        with CollectFaults(faults, of=camera.subject):
            frames.append(ListedFrame(name, camera.camera(*size), pose))
    warnings = cut_warnings(*(root / name for name in (*LISTS, MODEL)))
    if without_focal:
        warnings.append(
            f"{examples(without_focal)} photos are not in {MODEL}: they were given the scene's "
            f"median focal length, {typical.focal_px:.1f} px."
        )
    return assemble(
        root,
        _LAYOUT,
        frames,
        warnings=warnings,
        faults=faults,
        given_split=(tuple(poses[0]), tuple(poses[1])),
    )


def _read_list(path: Path, faults: list[Fault]) -> dict[str, RigidTransform]:
    """Read `file X Y Z W P Q R` lines below the heading, adding to the faults."""
    rows = list(table_rows(path))
    heading = next((at for at, row in enumerate(rows) if row.fields[0] == "ImageFile,"), None)
    if heading is None:
        reason = "has no heading `ImageFile, Camera Position [X Y Z W P Q R]`"
        faults.append(Fault(str(path), reason, "Restore the file."))
        return {}
    poses: dict[str, RigidTransform] = {}
    for row in rows[heading + 1 :]:
        try:
            name, pose = _parse_line(row)
            if name in poses:
                raise DataError(row.subject, f"{name} is listed twice", "Keep one of the two.")
            poses[name] = pose
        except DataError as error:
            faults.extend(error.faults)
    return poses


def _parse_line(row: Row) -> tuple[str, RigidTransform]:
    if len(row.fields) != 8:
        reason = f"has {len(row.fields)} fields, expected 8"
        raise DataError(row.subject, reason, "Write `file X Y Z W P Q R`.")
    numbers = row.floats(1, 8)
    return row.fields[0], pose_at(numbers[3:], numbers[:3], subject=row.subject)


def _cameras(path: Path, faults: list[Fault]) -> dict[str, NvmCamera]:
    try:
        model = read_nvm(path)
    except DataError as error:
        faults.extend(error.faults)
        return {}
    if not model.cameras:
        faults.append(Fault(str(path), "holds no camera", "Restore the file."))
    return {_stem(camera.name): camera for camera in model.cameras}


def _stem(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _typical(cameras: dict[str, NvmCamera]) -> NvmCamera:
    """Return the camera with the median focal length: one telephone took a scene's photos."""
    middle = median(camera.focal_px for camera in cameras.values())
    return min(cameras.values(), key=lambda camera: abs(camera.focal_px - middle))


def _size_of_focals(stored: tuple[int, int]) -> tuple[int, int]:
    """Return the size that the focal lengths belong to: resized photos keep the aspect."""
    ratio = stored[0] * ORIGINAL_SIZE[1] / (stored[1] * ORIGINAL_SIZE[0])
    return ORIGINAL_SIZE if abs(ratio - 1) <= 0.01 else stored
