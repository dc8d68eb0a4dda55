"""ScanNet scenes as exported frames (color, depth, pose, intrinsic) -> ImageSet.

`color/0.jpg`, `depth/0.png`, `pose/0.txt`, `intrinsic/intrinsic_color.txt` and `_depth.txt`, as the
data set's SensReader writes them from a .sens file. A pose of -inf marks an untracked frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, assemble, examples
from neumap.images.fault_collection import CollectFaults
from neumap.images.frame_files import FrameFiles, listed_frames
from neumap.images.input_text import cut_warnings
from neumap.images.matrix_text import read_matrix
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

COLOR_INTRINSICS = ("intrinsic/intrinsic_color.txt", "intrinsics_color.txt", "intrinsic_color.txt")
DEPTH_INTRINSICS = ("intrinsic/intrinsic_depth.txt", "intrinsics_depth.txt", "intrinsic_depth.txt")
PHOTO_SUFFIXES = (".jpg", ".png")
SIGN = "color, pose and intrinsic/intrinsic_color.txt (scannet)"
ORIGINAL_SIZE = (1296, 968)
"""Size of the colour frames to which the data set's intrinsics belong."""
ORIGINAL_DEPTH_SIZE = (640, 480)

_LAYOUT = Layout(
    name="scannet",
    units="metre",
    convention=(
        "ScanNet: world_from_cam 4x4 matrices, OpenCV axes, pixel origin at the centre of the "
        "first pixel (0.5 px added here); depth in millimetres with intrinsics of its own, "
        "registered."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds the exported frames of a ScanNet scene."""
    has_folders = all((root / name).is_dir() for name in ("color", "pose"))
    return has_folders and _first(root, COLOR_INTRINSICS) is not None


def read(root: Path) -> ImageSet:
    """Read a scene, in metres; frames without a finite pose are marked for `checks`.

    Pictures resized from 1296 x 968 or, of depth, 640 x 480 get resized intrinsics. Raises
    DataError on malformed files (all of them), or if no photo is on disk.
    """
    poses = sorted((root / "pose").glob("*.txt"), key=_frame_number)
    if not poses:
        raise DataError(str(root / "pose"), "holds no pose", "Export the frames of the .sens file.")
    photos = {path: _photo_name(root, path.stem) for path in poses}
    absent = [path.name for path in poses if photos[path] is None]
    present = {path: name for path, name in photos.items() if name is not None}
    faults: list[Fault] = []
    color_size = _size_of([root / name for name in present.values()], ORIGINAL_SIZE)
    depth_size = _size_of([root / _depth_name(path) for path in present], ORIGINAL_DEPTH_SIZE)
    color = _read_camera(root, COLOR_INTRINSICS, color_size, faults)
    depth = _read_camera(root, DEPTH_INTRINSICS, depth_size, faults)
    if _first(root, COLOR_INTRINSICS) is None:
        subject = str(root / COLOR_INTRINSICS[0])
        faults.append(Fault(subject, "does not exist", "Export it as well."))
    files = [
        FrameFiles(
            pose=path,
            photo_name=name,
            depth_name=_depth_name(path),
            camera=color,
            depth_camera=depth,
        )
        for path, name in present.items()
    ]
    frames = listed_frames(root, files, faults)
    if depth is None:  # depth has intrinsics of its own
        frames = [replace(frame, depth_name=None) for frame in frames]
    used = (_first(root, files) for files in (COLOR_INTRINSICS, DEPTH_INTRINSICS))
    warnings = cut_warnings(*(path for path in used if path is not None))
    if absent:
        warnings.append(f"{examples(absent)} poses have no photo.")
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)


def _first(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).is_file()), None)


def _frame_number(path: Path) -> tuple[int, str]:
    return (int(path.stem) if path.stem.isdecimal() else -1, path.stem)


def _photo_name(root: Path, stem: str) -> str | None:
    names = (f"color/{stem}{suffix}" for suffix in PHOTO_SUFFIXES)
    return next((name for name in names if (root / name).is_file()), None)


def _depth_name(pose: Path) -> str:
    return f"depth/{pose.stem}.png"


def _size_of(
    pictures: Sequence[Path], original: tuple[int, int]
) -> Callable[[float], tuple[int, int]]:
    """Return the size that a principal point cx belongs to: that of the pictures or the original.

    Some exports resize the pictures and keep the intrinsics; the principal point, which is near
    the centre, tells.
    """
    stored = most_common_size(pictures) or original

    def size_of(cx: float) -> tuple[int, int]:
        ratio = stored[0] * original[1] / (stored[1] * original[0])
        if abs(ratio - 1) > 0.01:  # cropped, or another camera
            return stored
        return min((stored, original), key=lambda size: abs(cx / size[0] - 0.5))

    return size_of


def _read_camera(
    root: Path,
    names: tuple[str, ...],
    size_of: Callable[[float], tuple[int, int]],
    faults: list[Fault],
) -> Camera | None:
    """Read a 4x4 intrinsics file, None where there is none or it is at fault."""
    path = _first(root, names)
    if path is None:
        return None
    with CollectFaults(faults, of=str(path)):
        matrix = read_matrix(path, shape=(4, 4))
        (fx, _, cx, _), (_, fy, cy, _) = matrix[0], matrix[1]
        width, height = size_of(float(cx) + 0.5)
        return Camera.pinhole(width, height, fx=fx, fy=fy, cx=cx + 0.5, cy=cy + 0.5)
    return None
