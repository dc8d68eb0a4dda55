"""Poses that files give as world_from_cam matrices."""

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError
from neumap.geometry import RigidTransform


def check_last_row(matrix: Float64[np.ndarray, "rows 4"], subject: str) -> None:
    """Refuse a 4x4 pose whose last row is finite but not 0 0 0 1."""
    if (
        len(matrix) == 4
        and np.isfinite(matrix[3]).all()
        and not np.allclose(matrix[3], [0, 0, 0, 1])
    ):
        raise DataError(
            subject,
            f"last row of the pose is {matrix[3].tolist()}, expected 0 0 0 1",
            "Store row-major 4x4 matrices with the translation in the last column.",
        )


def inverse_of_given(world_from_cam: RigidTransform) -> RigidTransform:
    """Return cam_from_world of a matrix from a file, whose rotation may be slightly off.

    The rotation is only transposed, so that `checks` sees how far it was off; the translation is
    computed with the nearest rotation, so that projecting the rotation later keeps the centre.
    """
    transposed = world_from_cam.rotation.T
    if world_from_cam.defect() is not None:  # refused later
        return RigidTransform(transposed, -transposed @ world_from_cam.translation)
    nearest = world_from_cam.orthonormalised().rotation
    return RigidTransform(transposed, -nearest.T @ world_from_cam.translation)


def cam_from_world_of_opengl(world_from_cam: Float64[np.ndarray, "rows 4"]) -> RigidTransform:
    """Return cam_from_world in OpenCV axes of a matrix whose camera axes are OpenGL's or ARKit's.

    Those have y up and z backward, so the camera's y and z point the other way.
    """
    given = RigidTransform.from_matrix(world_from_cam)
    flipped = given.rotation * np.array([1.0, -1.0, -1.0])
    return inverse_of_given(RigidTransform(flipped, given.translation))
