"""Scenes in the structure of DSAC*, ACE and GLACE, as their scripts make them -> ImageSet.

`train` (or `training`) and `test`, each with `rgb`, `poses` (4x4 world_from_cam) and `calibration`
(one focal length, or 3x3), matched by what their names have before the first dot. Wayspots comes
in this structure.
"""

from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import table_rows
from neumap.images.matrix_text import read_cam_from_world, read_matrix, require_finite
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

MAPPING_FOLDERS = ("train", "training")
QUERY_FOLDER = "test"
PHOTO_SUFFIXES = (".png", ".jpg", ".jpeg")
SIGN = "train/rgb, train/poses and train/calibration (dsacstar)"
PLACEHOLDER_SIZE = (640, 480)
"""Size assumed where no photo can be read, which is the fault that is then stated."""

_LAYOUT = Layout(
    name="dsacstar",
    units="metre",
    convention=(
        "DSAC*: world_from_cam 4x4 matrices, OpenCV axes, principal point at the centre of the "
        "photo unless a 3x3 calibration says otherwise; depth in millimetres, registered."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is a scene in the structure of DSAC*."""
    return any(_is_part(root / name) for name in MAPPING_FOLDERS)


def read(root: Path) -> ImageSet:
    """Read a scene, in metres; train and test are the given split.

    Raises DataError on malformed files (all of them), on poses without calibration, or if no photo
    is on disk.
    """
    mapping = next((name for name in MAPPING_FOLDERS if _is_part(root / name)), None)
    if mapping is None:
        raise DataError(str(root), f"lacks {SIGN}", "Run the script that sets up the scene.")
    faults: list[Fault] = []
    to_map = _read_part(root, mapping, faults)
    queries = _read_part(root, QUERY_FOLDER, faults) if _is_part(root / QUERY_FOLDER) else []
    names = tuple(tuple(frame.name for frame in part) for part in (to_map, queries))
    return assemble(
        root,
        _LAYOUT,
        (*to_map, *queries),
        faults=faults,
        given_split=(names[0], names[1]) if queries else None,
    )


def _is_part(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in ("rgb", "poses", "calibration"))


def _read_part(root: Path, name: str, faults: list[Fault]) -> list[ListedFrame]:
    """Read one part; frames whose photo is missing are listed all the same, to be counted."""
    photos = _by_key(root / name / "rgb", PHOTO_SUFFIXES)
    calibrations = _by_key(root / name / "calibration", (".txt",))
    depths = _by_key(root / name / "depth", (".png",))
    size = most_common_size(photos.values()) or PLACEHOLDER_SIZE
    frames: list[ListedFrame] = []
    kinds: dict[str, Path] = {}
    for key, pose_path in _by_key(root / name / "poses", (".txt",)).items():
        calibration = calibrations.get(key)
        photo = photos.get(key)
        depth = depths.get(key)
        subject = str(calibration or pose_path)
        with CollectFaults(faults, of=subject):
            if calibration is None:
                raise DataError(subject, "has no calibration of its name", "Restore that file.")
            camera = _read_camera(calibration, size)
            kinds.setdefault(camera.model, calibration)
            frames.append(
                ListedFrame(
                    name=_below(root, photo) if photo else f"{name}/rgb/{key}",
                    camera=camera,
                    cam_from_world=require_finite(read_cam_from_world(pose_path), pose_path),
                    depth_name=_below(root, depth) if depth else None,
                )
            )
    if len(kinds) > 1:  # a cut matrix may look like a focal length
        first, other = kinds.values()
        reason = f"is one of focal length and 3x3 matrix, {other.name} the other"
        faults.append(Fault(str(first), reason, "State all calibrations alike."))
    return frames


def _by_key(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Return the files of a folder by what stands before the first dot: the frame."""
    paths = sorted(folder.glob("*"))
    return {path.name.split(".")[0]: path for path in paths if path.suffix in suffixes}


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_camera(path: Path, size: tuple[int, int]) -> Camera:
    """Read a focal length, or a 3x3 matrix."""
    width, height = size
    rows = list(table_rows(path))
    if len(rows) == 1 and len(rows[0].fields) == 1:
        focal_px = float(rows[0].floats(0, 1)[0])
        return Camera("SIMPLE_PINHOLE", width, height, (focal_px, width / 2, height / 2))
    (fx, _, cx), (_, fy, cy) = read_matrix(path, shape=(3, 3))[:2]
    return Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx, cy=cy)
