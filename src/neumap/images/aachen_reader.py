"""Aachen Day-Night v1.0 and v1.1 (3D-models, queries, images_upright) -> ImageSet.

The database is a COLMAP model (v1.1) or an NVM file with a list of intrinsics (v1.0).  Queries
are `file MODEL w h parameters` lines in queries/*_with_intrinsics.txt; their poses are withheld.
"""

from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.geometry import Camera
from neumap.images.assembly import Layout, ListedFrame, assemble, plural
from neumap.images.colmap_reader import model_frames, parse_model
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import Row, cut_warnings, parse_float, parse_int, table_rows
from neumap.images.nvm import announced_cameras, read_nvm
from neumap.images.nvm_reader import PLACEHOLDER_SIZE
from neumap.images.photo_folder import photo_prefix
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import stored_size

MODELS = "3D-models"
QUERY_LISTS = "queries/*_with_intrinsics*.txt"
INTRINSICS_LISTS = "database_intrinsics*.txt"
IMAGE_FOLDERS = ("images_upright", "images/images_upright", "images", ".")
"""Where the photos are looked for; the folder that holds most of them wins."""
SIGN = f"{MODELS} and {QUERY_LISTS} (aachen)"

_LAYOUT = Layout(
    name="aachen",
    units="metre",
    convention=(
        "Aachen Day-Night: rotation of cam_from_world as quaternion (scalar first) with "
        "translation (COLMAP) or the camera's centre (NVM), OpenCV axes, pixel origin at the "
        "corner of the first pixel."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder is Aachen Day-Night, or a data set laid out like it."""
    return (root / MODELS).is_dir() and next(root.glob(QUERY_LISTS), None) is not None


def read(root: Path) -> ImageSet:
    """Read database and queries, in metres; they are the given split, queries have no pose.

    Where several models lie in 3D-models, the largest COLMAP model is read, else the NVM file
    with most cameras. Raises DataError on malformed lines (all of them), on
    database photos without intrinsics, or if no photo is on disk.
    """
    if not is_layout(root):
        reason = f"lacks {MODELS} or {QUERY_LISTS}"
        raise DataError(str(root), reason, "Unpack the whole data set.")
    warnings: list[str] = []
    faults: list[Fault] = []
    queries = _read_queries(sorted(root.glob(QUERY_LISTS)), warnings, faults)
    database = _read_database(root, warnings, faults)
    prefix = photo_prefix(root, (frame.name for frame in (*database, *queries)), IMAGE_FOLDERS)
    database, queries = _below(prefix, database), _below(prefix, queries)
    return assemble(
        root,
        _LAYOUT,
        (*database, *queries),
        warnings=warnings,
        faults=faults,
        given_split=(
            tuple(frame.name for frame in database),
            tuple(frame.name for frame in queries),
        ),
    )


def _below(prefix: str, frames: list[ListedFrame]) -> list[ListedFrame]:
    return [ListedFrame(prefix + f.name, f.camera, f.cam_from_world) for f in frames]


def _read_queries(paths: list[Path], warnings: list[str], faults: list[Fault]) -> list[ListedFrame]:
    """Read all query lists; a query that several lists state alike counts once."""
    cameras: dict[str, Camera] = {}
    for path in paths:
        warnings.extend(cut_warnings(path))
        for name, camera, row in _intrinsics(path, faults):
            if cameras.setdefault(name, camera) != camera:
                reason = f"{name} has another camera than in an earlier list"
                faults.append(Fault(row.subject, reason, "Keep one of the two."))
    return [ListedFrame(name, camera, None) for name, camera in cameras.items()]


def _intrinsics(path: Path, faults: list[Fault]) -> list[tuple[str, Camera, Row]]:
    """Read `file MODEL w h parameters` lines, adding to the faults."""
    found: list[tuple[str, Camera, Row]] = []
    for row in table_rows(path):
        with CollectFaults(faults, of=row.subject):
            if len(row.fields) < 5:
                reason = f"has {len(row.fields)} fields, expected at least 5"
                raise DataError(row.subject, reason, "Write `file MODEL w h parameters`.")
            width, height = (parse_int(field, row.subject) for field in row.fields[2:4])
            params = tuple(parse_float(field, row.subject) for field in row.fields[4:])
            found.append((row.fields[0], Camera(row.fields[1], width, height, params), row))
    return found


def _read_database(root: Path, warnings: list[str], faults: list[Fault]) -> list[ListedFrame]:
    chosen, num_found = _newest_model(root / MODELS)
    if chosen is None:
        reason = "holds neither a COLMAP model nor an NVM file"
        faults.append(Fault(str(root / MODELS), reason, "Unpack the 3D models."))
        return []
    if num_found > 1:
        name = chosen.relative_to(root).as_posix()
        warnings.append(f"{MODELS} holds {plural(num_found, 'model')}; {name} was read.")
    try:
        if chosen.suffix != ".nvm":
            frames, camera_faults = model_frames(parse_model(chosen.parent), prefix="")
            faults.extend(camera_faults)
            return frames
        warnings.extend(cut_warnings(chosen))
        return _nvm_frames(root, chosen, faults)
    except DataError as error:
        faults.extend(error.faults)
        return []


def _newest_model(folder: Path) -> tuple[Path | None, int]:
    """Return the images file of the largest COLMAP model, else the NVM file with most cameras.

    Newer versions only added photos. The number tells how many there are to choose from.
    """
    of_folder = {path.parent: path for path in sorted(folder.rglob("images.txt"))}
    of_folder.update({path.parent: path for path in sorted(folder.rglob("images.bin"))})
    if of_folder:
        return max(of_folder.values(), key=lambda path: path.stat().st_size), len(of_folder)
    found = sorted(folder.rglob("*.nvm"))
    return max(found, key=announced_cameras, default=None), len(found)


def _nvm_frames(root: Path, path: Path, faults: list[Fault]) -> list[ListedFrame]:
    """Return the frames of an NVM model, with listed intrinsics where there are some."""
    model = read_nvm(path)
    listed: dict[str, Camera] = {}
    for intrinsics in sorted((root / MODELS).rglob(INTRINSICS_LISTS)):
        listed.update({name: camera for name, camera, _ in _intrinsics(intrinsics, faults)})
    prefix = photo_prefix(root, (camera.name for camera in model.cameras), IMAGE_FOLDERS)
    frames: list[ListedFrame] = []
    for entry in model.cameras:
        name = entry.name.removeprefix("./")
        with CollectFaults(faults, of=entry.subject):
            size = stored_size(root / (prefix + name)) or PLACEHOLDER_SIZE
            camera = listed.get(name) or entry.camera(*size)
            frames.append(ListedFrame(name, camera, entry.cam_from_world))
    return frames
