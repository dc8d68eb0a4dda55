"""Indoor-6 (images/image-*.{color.jpg, intrinsics.txt, pose.txt}, train_test_val.pkl) -> ImageSet.

As the loader of the data set's repository reads it (src/dataloader/indoor6.py): a pose file has
three rows of cam_from_world, an intrinsics file `width height f cx cy`, a number that the loader
does not use, and the name of the original frame.
"""

from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera, RigidTransform
from neumap.images.assembly import Layout, ListedFrame, assemble, examples
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import odd_one_warnings, parse_int, table_rows
from neumap.images.matrix_text import read_matrix, require_finite
from neumap.images.pickled_names import names_by_key
from neumap.images.posed_image import ImageSet

FOLDER = "images"
SPLIT_FILE = "train_test_val.pkl"
SIGN = f"{FOLDER}/*.intrinsics.txt and {FOLDER}/*.pose.txt (indoor6)"

_LAYOUT = Layout(
    name="indoor6",
    units="metre",
    convention=(
        "Indoor-6: cam_from_world 3x4 matrices, OpenCV axes, COLMAP's pixel origin at the corner "
        "of the first pixel."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a scene of Indoor-6."""
    patterns = ("*.intrinsics.txt", "*.pose.txt")
    return all(next((root / FOLDER).glob(pattern), None) is not None for pattern in patterns)


def read(root: Path) -> ImageSet:
    """Read a scene, in metres: `train` is mapped, `test` queried, `val` neither.

    Without train_test_val.pkl there is no given split. Raises DataError on malformed files (all of
    them), or if no photo is on disk.
    """
    poses = sorted((root / FOLDER).glob("*.pose.txt"))
    if not poses:
        raise DataError(str(root), f"lacks {SIGN}", "Unpack the scene.")
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    with_sixth: list[str] = []
    for pose_path in poses:
        path = pose_path.with_name(pose_path.name.replace(".pose.txt", ".intrinsics.txt"))
        with CollectFaults(faults, of=str(path)):
            camera, sixth = _read_intrinsics(path)
            matrix = read_matrix(pose_path, shape=(3, 4))
            pose = require_finite(RigidTransform.from_matrix(matrix), pose_path)
            photo_name = pose_path.name.replace(".pose.txt", ".color.jpg")
            frames.append(ListedFrame(f"{FOLDER}/{photo_name}", camera, pose))
            if sixth != 0:
                with_sixth.append(path.name)
    split = _read_split(root / SPLIT_FILE, faults)
    warnings = odd_one_warnings(poses)
    if with_sixth:
        sentence = "state a sixth number, perhaps distortion; as in the data set's loader, unused."
        warnings.append(f"{examples(with_sixth)} {sentence}")
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults, given_split=split)


def _read_intrinsics(path: Path) -> tuple[Camera, float]:
    """Return the camera and the number of unknown meaning."""
    if not path.is_file():
        raise DataError(str(path), "does not exist", "Restore the file.")
    rows = list(table_rows(path))
    if len(rows) != 1 or len(rows[0].fields) < 7:
        raise DataError(str(path), "is not one line `width height f cx cy k name`", "Restore it.")
    width, height = (parse_int(field, rows[0].subject) for field in rows[0].fields[:2])
    focal_px, cx, cy, sixth = (float(value) for value in rows[0].floats(2, 6))
    return Camera("SIMPLE_PINHOLE", width, height, (focal_px, cx, cy)), sixth


def _read_split(path: Path, faults: list[Fault]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    if not path.is_file():
        return None
    try:
        names = names_by_key(path, ("train", "test"), suffix=".color.jpg")
    except DataError as error:
        faults.extend(error.faults)
        return None
    mapped, queried = (tuple(f"{FOLDER}/{name}" for name in names[key]) for key in names)
    return mapped, queried
