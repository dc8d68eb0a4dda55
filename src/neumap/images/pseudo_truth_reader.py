"""7-Scenes and 12-Scenes with pseudo ground truth from structure from motion -> ImageSet.

`*_train.txt` and `*_test.txt` of Brachmann et al. (ICCV 2021) beside the frames of the scene:
`file qw qx qy qz tx ty tz f` lines, cam_from_world of the colour camera and its focal length.
"""

from collections.abc import Sequence
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble
from neumap.images.colmap_model import pose_of
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import Row, cut_warnings, table_rows
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import most_common_size

SIGN = "*_train.txt and *_test.txt beside seq-* or data (pseudo-truth)"
DEFAULT_SIZE = (640, 480)
PHOTO_SUFFIXES = (".png", ".jpg")

_LAYOUT = Layout(
    name="pseudo-truth",
    units="metre",
    convention=(
        "Pseudo ground truth of 7-Scenes and 12-Scenes: cam_from_world as quaternion (scalar "
        "first) and translation, OpenCV axes, principal point at the centre of the photo. Depth "
        "is not used: it belongs to the other ground truth."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether a pair of pose lists lies beside the frames of a scene."""
    has_frames = (root / "data").is_dir() or next(root.glob("seq-*"), None) is not None
    return has_frames and len(_pairs(root)) > 0


def read(root: Path) -> ImageSet:
    """Read the frames that the two lists pose, in metres; the lists are the given split.

    Raises DataError on none or several pairs of lists, on malformed lines (all of them), or if no
    photo is on disk.
    """
    pairs = _pairs(root)
    if len(pairs) != 1:
        reason = f"holds {len(pairs)} pairs of *_train.txt and *_test.txt, expected one"
        raise DataError(str(root), reason, "Put the two lists of the scene beside its frames.")
    faults: list[Fault] = []
    rows = [_read_rows(path, faults) for path in pairs[0]]
    names = [[_existing_name(root, row.fields[0]) for row in part] for part in rows]
    listed = [name for part in names for name in part]
    size = most_common_size(root / name for name in listed) or DEFAULT_SIZE
    frames: list[ListedFrame] = []
    for name, row in zip(listed, [*rows[0], *rows[1]], strict=True):
        with CollectFaults(faults, of=row.subject):
            frames.append(_parse_frame(name, row, size=size))
    return assemble(
        root,
        _LAYOUT,
        frames,
        warnings=cut_warnings(*pairs[0]),
        faults=faults,
        given_split=(tuple(names[0]), tuple(names[1])),
    )


def _pairs(root: Path) -> list[tuple[Path, Path]]:
    """Return the lists to map and to query, by name; those of Cambridge Landmarks are others."""
    train = [path for path in sorted(root.glob("*_train.txt")) if path.stem != "dataset_train"]
    pairs = [(path, path.with_name(f"{path.stem[: -len('train')]}test.txt")) for path in train]
    return [pair for pair in pairs if pair[1].is_file()]


def _read_rows(path: Path, faults: list[Fault]) -> Sequence[Row]:
    rows: list[Row] = []
    for row in table_rows(path):
        if len(row.fields) == 9:
            rows.append(row)
            continue
        reason = f"has {len(row.fields)} fields, expected 9"
        faults.append(Fault(row.subject, reason, "Write `file qw qx qy qz tx ty tz f`."))
    return rows


def _existing_name(root: Path, name: str) -> str:
    """Return the listed name with the suffix under which the photo is on disk."""
    stem = name.removesuffix(Path(name).suffix)
    names = (stem + suffix for suffix in PHOTO_SUFFIXES)
    return (
        name if (root / name).is_file() else next((n for n in names if (root / n).is_file()), name)
    )


def _parse_frame(name: str, row: Row, *, size: tuple[int, int]) -> ListedFrame:
    numbers = row.floats(1, 9)
    width, height = size
    focal_px = float(numbers[7])
    camera = Camera("SIMPLE_PINHOLE", width, height, (focal_px, width / 2, height / 2))
    pose = pose_of(numbers[:4], numbers[4:7], subject=row.subject)
    return ListedFrame(name, camera, pose)
