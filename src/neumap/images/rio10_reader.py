"""RIO10 scenes (seqXX_YY/frame-*.{color.jpg, pose.txt, rendered.depth.png}) -> ImageSet.

`intrinsics.txt` of the data set's repository has `seqXX_YY fx fy cx cy` lines.  Sequence 01 is
mapped, 02 is the validation; the poses of the others are withheld.
"""

import re
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, assemble
from neumap.images.fault_collection import CollectFaults
from neumap.images.frame_files import FrameFiles, listed_frames
from neumap.images.input_text import cut_warnings, table_rows
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

INTRINSICS_FILE = "intrinsics.txt"
SIGN = "seqXX_YY/frame-*.color.jpg (rio10)"
SEQUENCES = "seq[0-9][0-9]_[0-9][0-9]"
ORIGINAL_SIZE = (540, 960)
MAPPED_SCAN = "01"

_LAYOUT = Layout(
    name="rio10",
    units="metre",
    convention=(
        "RIO10: world_from_cam 4x4 matrices, OpenCV axes, pixel origin at the corner of the first "
        "pixel; rendered depth in millimetres, registered."
    ),
)
_SEQUENCE = re.compile(r"seq\d\d_(\d\d)")


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds the sequences of a RIO10 scene."""
    return next(root.glob(f"{SEQUENCES}/frame-*.color.jpg"), None) is not None


def read(root: Path) -> ImageSet:
    """Read a scene, in metres; photos without a pose file have no known pose.

    Sequence 01 is mapped and all others are queries; frames without a finite pose are marked for
    `checks`. Raises DataError on malformed files (all of them), on a sequence without a line in
    intrinsics.txt, or if no photo is on disk.
    """
    photos = _photos(root)
    if not photos:
        raise DataError(str(root), f"lacks {SIGN}", "Unpack the sequences of the scene.")
    faults: list[Fault] = []
    size = most_common_size(photos) or ORIGINAL_SIZE
    cameras = _read_cameras(root / INTRINSICS_FILE, size, faults)
    if (root / INTRINSICS_FILE).is_file():
        faults.extend(_unlisted(root, {photo.parent.name for photo in photos} - set(cameras)))
    files = [_files_of(root, photo, cameras.get(photo.parent.name)) for photo in photos]
    frames = listed_frames(root, files, faults)
    names = [frame.name for frame in frames]
    mapped = tuple(name for name in names if _scan_of(name) == MAPPED_SCAN)
    queried = tuple(name for name in names if _scan_of(name) != MAPPED_SCAN)
    return assemble(
        root,
        _LAYOUT,
        frames,
        warnings=cut_warnings(root / INTRINSICS_FILE) if cameras else (),
        faults=faults,
        given_split=(mapped, queried),
    )


def _photos(root: Path) -> list[Path]:
    """Return the photos on disk, and those that a pose file says should be."""
    on_disk = set(root.glob(f"{SEQUENCES}/frame-*.color.jpg"))
    poses = root.glob(f"{SEQUENCES}/frame-*.pose.txt")
    posed = {path.with_name(path.name.replace(".pose.txt", ".color.jpg")) for path in poses}
    return sorted(on_disk | posed)


def _scan_of(name: str) -> str:
    match = _SEQUENCE.match(name)
    return match.group(1) if match else ""


def _unlisted(root: Path, sequences: set[str]) -> list[Fault]:
    remedy = "Add `seqXX_YY fx fy cx cy`; the data set's list lacks the sequences 01."
    subject = str(root / INTRINSICS_FILE)
    return [Fault(subject, f"has no line for {name}", remedy) for name in sorted(sequences)]


def _read_cameras(
    path: Path, size: tuple[int, int], faults: list[Fault]
) -> dict[str, Camera | None]:
    """Return the camera of each listed sequence, None where its line is at fault."""
    cameras: dict[str, Camera | None] = {}
    if not path.is_file():
        remedy = "Take data/intrinsics.txt of the data set's repository, and add the sequences 01."
        faults.append(Fault(str(path), "does not exist", remedy))
        return cameras
    for row in table_rows(path):
        cameras[row.fields[0]] = None
        with CollectFaults(faults, of=row.subject):
            fx, fy, cx, cy = row.floats(1, 5)
            cameras[row.fields[0]] = Camera.pinhole(*size, fx=fx, fy=fy, cx=cx, cy=cy)
    return cameras


def _files_of(root: Path, photo: Path, camera: Camera | None) -> FrameFiles:
    stem = photo.name.removesuffix(".color.jpg")
    pose = photo.with_name(f"{stem}.pose.txt")
    return FrameFiles(
        pose=pose if pose.is_file() else None,
        photo_name=photo.relative_to(root).as_posix(),
        depth_name=photo.with_name(f"{stem}.rendered.depth.png").relative_to(root).as_posix(),
        camera=camera,
    )
