"""COLMAP models (text and binary, all camera models, rigs) -> ImageSet."""

from dataclasses import replace
from pathlib import Path

from neumap.errors import DataError, Fault
from neumap.images.assembly import Layout, ListedFrame, assemble
from neumap.images.colmap_binary import read_binary_model
from neumap.images.colmap_model import ColmapModel
from neumap.images.colmap_text import read_text_model
from neumap.images.photo_folder import photo_prefix
from neumap.images.posed_image import ImageSet

MODEL_FOLDERS = (
    *(".", "sparse", "sparse/0", "reconstruction", "model", "colmap", "colmap/sparse"),
    *("colmap/sparse/0", "dense/sparse", "dense/0/sparse"),
)
"""Where a model is looked for below the data folder, first match wins."""
IMAGE_FOLDERS = ("images", ".", "dense/images", "dense/0/images", "colmap/images")
"""Where the photos of a model are looked for; the folder that holds most of them wins."""

SIGN = "cameras and images as .bin or .txt, also in sparse/0 (colmap)"

_LAYOUT = Layout(
    name="colmap",
    units="unknown",
    convention=(
        "COLMAP: cam_from_world as quaternion (scalar first) and translation, OpenCV axes, pixel "
        "origin at the corner of the first pixel."
    ),
)


def is_layout(root: Path) -> bool:
    """Tell whether the folder holds a COLMAP model."""
    return find_model(root) is not None


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
    model = parse_model(model_folder)
    prefix = photo_prefix(root, (image.name for image in model.images), IMAGE_FOLDERS)
    frames, faults = model_frames(model, prefix=prefix)
    return assemble(
        root,
        replace(_LAYOUT, name=layout),
        frames,
        warnings=_warnings(model_folder, model),
        faults=faults,
    )


def parse_model(model_folder: Path) -> ColmapModel:
    """Parse the binary model of a folder, or the text model where there is no binary one.

    Raises DataError on a cut or malformed model, or one without images.
    """
    is_binary = (model_folder / "images.bin").is_file()
    model = (read_binary_model if is_binary else read_text_model)(model_folder)
    if not model.images:
        path = model_folder / f"images.{'bin' if is_binary else 'txt'}"
        raise DataError(str(path), "lists no image", "Export the model anew.")
    return model


def model_frames(model: ColmapModel, *, prefix: str) -> tuple[list[ListedFrame], list[Fault]]:
    """Return the frames of a model, and a fault for each image whose camera it lacks."""
    frames: list[ListedFrame] = []
    faults: list[Fault] = []
    for image in model.images:
        camera = model.cameras.get(image.camera_id)
        if camera is None:
            reason = f"image {image.name} has camera {image.camera_id}, which is not in the model"
            faults.append(Fault(image.subject, reason, "Export the model anew."))
            continue
        frames.append(ListedFrame(prefix + image.name, camera, image.cam_from_world))
    return frames, faults


def _warnings(model_folder: Path, model: ColmapModel) -> tuple[str, ...]:
    other = sorted(path.name for path in model_folder.parent.glob("[0-9]*") if path.is_dir())
    if model_folder.name.isdigit() and len(other) > 1:
        sentence = (
            f"The reconstruction has {len(other)} models ({', '.join(other)}); only "
            f"{model_folder.name} was read."
        )
        return (*model.warnings, sentence)
    return model.warnings
