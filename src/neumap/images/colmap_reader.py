"""COLMAP models (text and binary, all camera models, rigs) -> ImageSet."""

from collections.abc import Sequence
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.images.assembly import ListedFrame, Listing, assemble, path_inside
from neumap.images.colmap_binary import read_binary_model
from neumap.images.colmap_model import ColmapImage, ColmapModel
from neumap.images.colmap_text import read_text_model
from neumap.images.posed_image import ImageSet

MODEL_FOLDERS = (
    *(".", "sparse", "sparse/0", "reconstruction", "model", "colmap", "colmap/sparse"),
    *("colmap/sparse/0", "dense/sparse", "dense/0/sparse"),
)
"""Where a model is looked for below the data folder, first match wins."""
IMAGE_FOLDERS = ("images", ".", "dense/images", "dense/0/images", "colmap/images")
"""Where the photos of a model are looked for; the folder that holds most of them wins."""

_CONVENTION = (
    "COLMAP: cam_from_world as quaternion (scalar first) and translation, OpenCV axes, pixel "
    "origin at the corner of the first pixel."
)


def find_model(root: Path) -> Path | None:
    """Return the folder of the model below root, None where there is none."""
    for name in MODEL_FOLDERS:
        for suffix in ("bin", "txt"):
            files = (root / name / f"cameras.{suffix}", root / name / f"images.{suffix}")
            if all(file.is_file() for file in files):
                return root / name
    return None


def read(root: Path) -> ImageSet:
    """Read the COLMAP model below root and its photos; units are unknown.

    Raises DataError on a cut or malformed model, or if none of its photos is on disk.
    """
    folder = find_model(root)
    if folder is None:
        raise DataError(
            str(root),
            "holds no COLMAP model (cameras and images, .bin or .txt)",
            f"Put the model in one of {', '.join(MODEL_FOLDERS)}.",
        )
    return read_model(root, folder)


def read_model(root: Path, model_folder: Path, *, layout: str = "colmap") -> ImageSet:
    """Read the model of one folder, whose photos lie below root."""
    is_binary = (model_folder / "images.bin").is_file()
    model = (read_binary_model if is_binary else read_text_model)(model_folder)
    prefix = _image_prefix(root, model.images)
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    for image in model.images:
        camera = model.cameras.get(image.camera_id)
        if camera is None:
            reason = f"image {image.name} has camera {image.camera_id}, which is not in the model"
            faults.append(Fault(image.subject, reason, "Export the model anew."))
            continue
        frames.append(ListedFrame(prefix + image.name, camera, image.cam_from_world))
    listing = Listing(
        layout=layout,
        convention=_CONVENTION,
        units="unknown",
        frames=tuple(frames),
        warnings=_warnings(model_folder, model),
        faults=tuple(faults),
    )
    return assemble(root, listing)


def _warnings(model_folder: Path, model: ColmapModel) -> tuple[str, ...]:
    other = sorted(path.name for path in model_folder.parent.glob("[0-9]*") if path.is_dir())
    if model_folder.name.isdigit() and len(other) > 1:
        sentence = (
            f"The reconstruction has {len(other)} models ({', '.join(other)}); only "
            f"{model_folder.name} was read."
        )
        return (*model.warnings, sentence)
    return model.warnings


def _image_prefix(root: Path, images: Sequence[ColmapImage]) -> str:
    """Return the folder of the photos below root, as a prefix of their names."""

    def num_present(folder: str) -> int:
        names = (f"{folder}/{image.name}" for image in images)
        return sum(_is_present(root, name) for name in names)

    best = max(IMAGE_FOLDERS, key=num_present)  # the first of equals
    return "" if best == "." else f"{best}/"


def _is_present(root: Path, name: str) -> bool:
    try:
        return path_inside(root, name).is_file()
    except DataError:
        return False
