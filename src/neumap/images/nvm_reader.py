"""A VisualSFM model (`*.nvm`) beside its photos -> ImageSet."""

from collections import Counter
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.images.assembly import Layout, ListedFrame, assemble, plural
from neumap.images.fault_collection import CollectFaults
from neumap.images.input_text import cut_warnings
from neumap.images.nvm import read_nvm
from neumap.images.photo_folder import photo_prefix
from neumap.images.posed_image import ImageSet
from neumap.images.stored_size import stored_size

SIGN = "*.nvm (nvm)"
IMAGE_FOLDERS = (".", "images")
"""Where the photos are looked for; the folder that holds most of them wins."""
PLACEHOLDER_SIZE = (640, 480)
"""Size assumed where no photo is on disk, which is the fault that is then stated."""

_LAYOUT = Layout(
    name="nvm",
    units="unknown",
    convention=(
        "VisualSFM: rotation of cam_from_world as quaternion (scalar first) and the camera's "
        "centre, OpenCV axes, principal point at the centre of the photo."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds an NVM file."""
    return next(root.glob("*.nvm"), None) is not None


def read(root: Path) -> ImageSet:
    """Read the first model of the only NVM file; units are unknown, sizes those of the photos.

    A photo smaller than its key-points reach was resized after the reconstruction: its camera is
    then that of the size most photos have. Raises DataError on none or several NVM files, on
    malformed lines, or if none of the photos is on disk.
    """
    paths = sorted(root.glob("*.nvm"))
    if len(paths) != 1:
        reason = f"holds {plural(len(paths), 'NVM file')}, expected one"
        raise DataError(str(root), reason, "Keep the NVM file to read in the folder.")
    model = read_nvm(paths[0], with_reach=True)
    prefix = photo_prefix(root, (camera.name for camera in model.cameras), IMAGE_FOLDERS)
    stored = [stored_size(root / (prefix + camera.name)) for camera in model.cameras]
    usual = Counter(size for size in stored if size is not None).most_common(1)
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    for camera, size in zip(model.cameras, stored, strict=True):
        if size is None or camera.reach_px[0] > size[0] or camera.reach_px[1] > size[1]:
            size = usual[0][0] if usual else PLACEHOLDER_SIZE
        with CollectFaults(faults, of=camera.subject):
            intrinsics = camera.camera(*size)
            frames.append(ListedFrame(prefix + camera.name, intrinsics, camera.cam_from_world))
    warnings = cut_warnings(paths[0])
    if model.num_further_models:
        noun = plural(model.num_further_models, "further model")
        warnings.append(f"{paths[0].name} holds {noun}, in other frames; only the first was read.")
    return assemble(root, _LAYOUT, frames, warnings=warnings, faults=faults)
