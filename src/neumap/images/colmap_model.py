"""What a reader needs of a COLMAP model, parsed here: cameras and poses, text or binary.

Every count is checked against the file's size and every file must end where its content ends:
pycolmap accepts cut binary files with wrong intrinsics. In COLMAP 4 `images` still holds each
image's own pose (rig and frame composed), so `rigs` and `frames` are not needed.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError
from neumap.geometry import Camera, RigidTransform

CAMERA_MODEL_IDS: dict[int, str] = {
    0: "SIMPLE_PINHOLE",
    1: "PINHOLE",
    2: "SIMPLE_RADIAL",
    3: "RADIAL",
    4: "OPENCV",
    5: "OPENCV_FISHEYE",
    6: "FULL_OPENCV",
    7: "FOV",
    8: "SIMPLE_RADIAL_FISHEYE",
    9: "RADIAL_FISHEYE",
    10: "THIN_PRISM_FISHEYE",
    11: "RAD_TAN_THIN_PRISM_FISHEYE",
    12: "SIMPLE_DIVISION",
    13: "DIVISION",
    14: "SIMPLE_FISHEYE",
    15: "FISHEYE",
    16: "EUCM",
}
"""Numbers of the camera models in binary files (COLMAP, sensor/models.h)."""


@dataclass(frozen=True)
class ColmapImage:
    """One registered image of a model."""

    name: str
    camera_id: int
    cam_from_world: RigidTransform
    subject: str
    """File and place it was read from, for messages."""


@dataclass(frozen=True)
class ColmapModel:
    """Cameras by id and the registered images, in file order."""

    cameras: dict[int, Camera]
    images: tuple[ColmapImage, ...]
    warnings: tuple[str, ...] = ()


def pose_of(
    quat_wxyz: Float64[np.ndarray, "4"],
    translation: Float64[np.ndarray, "3"],
    *,
    subject: str,
) -> RigidTransform:
    """Return cam_from_world of a stored quaternion (scalar first) and translation.

    DataError on numbers that are not finite, and on a quaternion whose norm is not 1 within 1e-3.
    """
    with np.errstate(over="ignore"):  # a norm beyond float64 is infinite, and refused
        norm = float(np.linalg.norm(quat_wxyz))
    if not (np.isfinite(norm) and np.isfinite(translation).all()):
        raise DataError(
            subject,
            "the pose holds NaN or infinite numbers",
            "Correct the pose, or remove the frame.",
        )
    if abs(norm - 1) > 1e-3:
        raise DataError(
            subject, f"the quaternion has norm {norm:.6f}, expected 1", "Normalise the quaternion."
        )
    return RigidTransform.from_quat_wxyz(quat_wxyz, translation)


def pose_at(
    quat_wxyz: Float64[np.ndarray, "4"],
    center_in_world: Float64[np.ndarray, "3"],
    *,
    subject: str,
) -> RigidTransform:
    """Return cam_from_world of a stored rotation and the camera's centre; errors as `pose_of`."""
    rotation = pose_of(quat_wxyz, center_in_world, subject=subject).rotation
    return RigidTransform(rotation, -rotation @ center_in_world)
