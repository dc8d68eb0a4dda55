"""Checks of a whole data set from photo headers and poses; all faults are raised at once."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neumap.errors import DataError, Fault, MappingError, PhotoError
from neumap.geometry import Camera
from neumap.images.photo import photo_size
from neumap.images.posed_image import ImageSet, PosedImage

LAYOUTS_THAT_MARK_LOST_FRAMES = frozenset({"7scenes", "12scenes", "scannet", "rio10"})
"""Layouts whose exports write NaN or infinite poses where tracking was lost."""
MIN_IMAGES = 4
FEW_IMAGES = 10
_ASPECT_TOLERANCE = 0.01
_ROUNDING_GAP = 1e-5
"""Gap of R R^T from I that text with few digits explains; beyond it the user is told."""


def same_aspect(size: tuple[int, int], camera: Camera) -> bool:
    """Tell whether a photo has its camera's aspect ratio within 1 percent."""
    ratio = size[0] * camera.height / (size[1] * camera.width)
    return abs(ratio - 1) <= _ASPECT_TOLERANCE


def check_image_set(image_set: ImageSet) -> ImageSet:
    """Return the set with lost frames dropped and rotations orthonormal; pixels stay unread.

    Raises DataError with every fault: unreadable photo, size other than the camera's, pose that
    is not finite, mirrored or not orthonormal within 1e-3, names equal after NFC.
    """
    kept = image_set
    if image_set.layout in LAYOUTS_THAT_MARK_LOST_FRAMES:
        kept = _without_lost_frames(image_set)
    faults = find_faults(kept)
    if faults:
        raise DataError.from_faults(faults)
    return _orthonormalised(kept)


def find_faults(image_set: ImageSet) -> list[Fault]:
    """Return all that is wrong with photos, cameras, poses and names of the set."""
    marks_lost = image_set.layout in LAYOUTS_THAT_MARK_LOST_FRAMES
    faults = _name_faults(image_set.images)
    for image in image_set.images:
        faults.extend(_photo_faults(image))
        if not (marks_lost and _is_lost(image)):
            faults.extend(_pose_faults(image))
    return faults


def require_enough(names: Sequence[str]) -> str | None:
    """Return a warning sentence below 10 images to map; MappingError below 4."""
    if len(names) < MIN_IMAGES:
        raise MappingError(
            "mapping images",
            f"{len(names)} usable, at least {MIN_IMAGES} are needed",
            "Add photos that overlap the others.",
        )
    if len(names) < FEW_IMAGES:
        return f"Only {len(names)} images to map: expect gaps; {FEW_IMAGES} or more are better."
    return None


def _name_faults(images: Sequence[PosedImage]) -> list[Fault]:
    seen: dict[str, str] = {}
    faults: list[Fault] = []
    for image in images:
        key = unicodedata.normalize("NFC", image.name)
        if key in seen:
            reason = "is listed twice" if seen[key] == image.name else "equals another name in NFC"
            faults.append(Fault(image.name, reason, "Keep one of the two."))
        seen[key] = image.name
    return faults


def _photo_faults(image: PosedImage) -> list[Fault]:
    try:
        width, height = photo_size(image.path)
    except PhotoError as error:
        return list(error.faults)
    camera = image.camera
    if (width, height) == (camera.width, camera.height):
        return []
    reason = f"is {width} x {height} px but its camera is {camera.width} x {camera.height}"
    if same_aspect((height, width), camera):
        return [
            Fault(
                str(image.path),
                f"{reason}: rotated by 90 degrees?",
                "Store the photo unrotated, as it was when the cameras were computed.",
            )
        ]
    return [Fault(str(image.path), reason, "Supply the photo or the camera that belongs to it.")]


def _pose_faults(image: PosedImage) -> list[Fault]:
    if image.cam_from_world is None:
        return []
    defect = image.cam_from_world.defect()
    if defect is None:
        return []
    return [Fault(image.name, defect, "Correct the pose, or remove the frame.")]


def _is_lost(image: PosedImage) -> bool:
    pose = image.cam_from_world
    if pose is None:
        return False
    return not (np.isfinite(pose.rotation).all() and np.isfinite(pose.translation).all())


def _without_lost_frames(image_set: ImageSet) -> ImageSet:
    lost = {image.name for image in image_set.images if _is_lost(image)}
    if not lost:
        return image_set
    split = image_set.given_split
    if split is not None:
        split = (
            tuple(name for name in split[0] if name not in lost),
            tuple(name for name in split[1] if name not in lost),
        )
    first = ", ".join(sorted(lost)[:3])
    return replace(
        image_set,
        images=tuple(image for image in image_set.images if image.name not in lost),
        warnings=(
            *image_set.warnings,
            f"{len(lost)} frames without a finite pose (tracking lost) were dropped: {first}.",
        ),
        given_split=split,
    )


def _orthonormalised(image_set: ImageSet) -> ImageSet:
    images: list[PosedImage] = []
    projected: list[str] = []
    largest_gap = 0.0
    for image in image_set.images:
        pose = image.cam_from_world
        if pose is None:
            images.append(image)
            continue
        gap = float(np.abs(pose.rotation @ pose.rotation.T - np.eye(3)).max())
        if gap > _ROUNDING_GAP:
            projected.append(image.name)
            largest_gap = max(largest_gap, gap)
        # exact rotations stay bit-identical, so that checking twice changes nothing
        images.append(
            replace(image, cam_from_world=pose.orthonormalised()) if gap > 1e-12 else image
        )
    warnings = image_set.warnings
    if projected:
        sentence = (
            f"The rotations of {len(projected)} frames were orthonormal only within "
            f"{largest_gap:.1e} and were projected to the nearest rotation (first {projected[0]})."
        )
        warnings = (*warnings, sentence)
    return replace(image_set, images=tuple(images), warnings=warnings)
