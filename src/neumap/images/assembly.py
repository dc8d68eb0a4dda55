"""The last step of every reader: listed frames + files on disk -> ImageSet.

Photos that are missing are counted, cameras of another resolution are scaled, depth gets its
camera.  What is wrong with single photos and poses is left to `checks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from neumap.errors import CameraError, DataError, Fault, PhotoError
from neumap.geometry import Camera, RigidTransform
from neumap.images.checks import find_faults, same_aspect
from neumap.images.photo import photo_size
from neumap.images.posed_image import DepthSource, ImageSet, PosedImage, Units


@dataclass(frozen=True)
class ListedFrame:
    """One frame as a layout lists it, before the disk is looked at."""

    name: str
    """Path of the photo relative to the data folder, with forward slashes."""
    camera: Camera
    cam_from_world: RigidTransform | None
    depth_name: str | None = None
    """Path of the depth picture relative to the data folder."""
    depth_units_per_metre: float = 1000.0
    depth_camera: Camera | None = None
    """Intrinsics of the depth pixels where the layout states them, else the photo's, resized."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What all data sets of a layout have in common."""

    name: str
    units: Units
    convention: str
    """Frames, axes and pixel origin of the files, before conversion to ours."""


def examples(names: Sequence[str]) -> str:
    """Return the count and the first names, for messages."""
    return f"{len(names)} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def plural(count: int, noun: str) -> str:
    """Return the count with its noun, for messages."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def path_inside(root: Path, name: str) -> Path:
    """Return root/name; DataError if that is absolute or leaves the folder."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\0" in name or not parts.parts:
        raise DataError(
            name, f"is not a path inside {root}", "List photos relative to the data folder."
        )
    return root / parts


def assemble(
    root: Path,
    layout: Layout,
    frames: Sequence[ListedFrame],
    *,
    warnings: Sequence[str] = (),
    faults: Sequence[Fault] = (),
    given_split: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
) -> ImageSet:
    """Turn what a reader found in the files of its layout into an ImageSet sorted by name.

    `faults` is what is malformed in those files. Raises DataError with all of them, and those of
    photos and poses beside them, if there is any; or if no listed photo is on disk.
    """
    faults = list(faults)
    present: list[tuple[ListedFrame, Path]] = []
    missing: list[str] = []
    for frame in sorted(frames, key=lambda frame: frame.name):
        try:
            path = path_inside(root, frame.name)
        except DataError as error:
            faults.extend(error.faults)
            continue
        if path.is_file():
            present.append((frame, path))
        else:
            missing.append(frame.name)
    if not present and not faults:
        raise _no_photo(root, missing)
    warnings = list(warnings)
    if missing:
        warnings.append(f"{examples(missing)} of {len(frames)} listed photos are missing.")
    images = _with_depth(root, _with_fitted_cameras(present, warnings), warnings)
    image_set = ImageSet(
        root=root,
        layout=layout.name,
        convention=layout.convention,
        units=layout.units,
        images=tuple(images),
        warnings=tuple(warnings),
        given_split=_only_present(given_split, {image.name for image in images}),
    )
    if faults:
        raise DataError.from_faults([*faults, *find_faults(image_set)])
    return image_set


def _no_photo(root: Path, missing: Sequence[str]) -> DataError:
    if not missing:
        return DataError(str(root), "lists no image", "Supply a data set with photos.")
    return DataError(
        str(root),
        f"none of the {len(missing)} listed photos is on disk, first {missing[0]}",
        "Put the photos where the data set lists them (the `images` folder for COLMAP).",
    )


def _with_fitted_cameras(
    present: Sequence[tuple[ListedFrame, Path]], warnings: list[str]
) -> list[tuple[ListedFrame, PosedImage]]:
    """Scale cameras to photos of another resolution and the same aspect, with a warning."""
    fitted: list[tuple[ListedFrame, PosedImage]] = []
    scaled: dict[tuple[tuple[int, int], tuple[int, int]], list[str]] = {}
    for frame, path in present:
        camera = frame.camera
        try:
            size = photo_size(path)
            if size != (camera.width, camera.height) and same_aspect(size, camera):
                camera = frame.camera.scaled(*size)
                key = ((frame.camera.width, frame.camera.height), size)
                scaled.setdefault(key, []).append(frame.name)
        except (PhotoError, CameraError):
            camera = frame.camera  # `checks` states the fault, beside all others
        fitted.append((frame, PosedImage(frame.name, path, camera, frame.cam_from_world)))
    for (stated, stored), names in scaled.items():
        warnings.append(
            f"{plural(len(names), 'photo')} ({names[0]}) stored at {stored[0]} x {stored[1]} px "
            f"against {stated[0]} x {stated[1]} of the camera: the intrinsics were scaled."
        )
    return fitted


def _with_depth(
    root: Path, fitted: Sequence[tuple[ListedFrame, PosedImage]], warnings: list[str]
) -> list[PosedImage]:
    """Attach depth pictures, read as registered to the photo at their own resolution."""
    images: list[PosedImage] = []
    unusable: list[str] = []
    for frame, image in fitted:
        if frame.depth_name is None:
            images.append(image)
            continue
        try:
            path = path_inside(root, frame.depth_name)
            size = photo_size(path)
            stated = frame.depth_camera or image.camera
            if not same_aspect(size, stated):  # such a picture is not registered
                raise PhotoError(str(path), "has another aspect than its camera", "Register it.")
            camera = stated.scaled(*size)
        except (PhotoError, CameraError, DataError):
            unusable.append(frame.depth_name)
            images.append(image)
            continue
        depth = DepthSource(path, camera, units_per_metre=frame.depth_units_per_metre)
        images.append(replace(image, depth=depth))
    if unusable:
        warnings.append(f"{examples(unusable)} listed depth pictures are missing or unusable.")
    return images


def _only_present(
    split: tuple[tuple[str, ...], tuple[str, ...]] | None, names: set[str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    if split is None:
        return None
    return tuple(n for n in split[0] if n in names), tuple(n for n in split[1] if n in names)
