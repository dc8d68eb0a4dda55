"""Matrices in text files, one row a line: poses of RGB-D data sets and 3x3 intrinsics."""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError
from neumap.geometry import RigidTransform
from neumap.images.input_text import table_rows
from neumap.images.pose_matrix import check_last_row, inverse_of_given


def read_matrix(path: Path, *, shape: tuple[int, int]) -> Float64[np.ndarray, "rows columns"]:
    """Read a matrix of the given shape, NaN allowed; DataError names the file, line and field.

    The last row of a matrix with four columns and four rows must be 0 0 0 1.
    """
    num_rows, num_columns = shape
    rows = list(table_rows(path))
    for row in rows:
        if len(row.fields) != num_columns:
            reason = f"has {len(row.fields)} numbers, expected {num_columns}"
            raise DataError(row.subject, reason, "Restore the file.")
    if len(rows) != num_rows:
        reason = f"holds {len(rows)} rows of numbers, expected {num_rows}"
        raise DataError(str(path), reason, "Restore the file.")
    matrix = np.stack([row.floats(0, num_columns) for row in rows])
    if shape == (4, 4):
        check_last_row(matrix, str(path))
    return matrix


def read_cam_from_world(path: Path) -> RigidTransform:
    """Read a 4x4 world_from_cam file and return its inverse, not finite where the file is not.

    Raises DataError on anything but four rows of four numbers ending in 0 0 0 1.
    """
    return inverse_of_given(RigidTransform.from_matrix(read_matrix(path, shape=(4, 4))))


def require_finite(pose: RigidTransform, path: Path) -> RigidTransform:
    """Return the pose of a file; DataError where it holds NaN or infinite numbers.

    For data sets that have no frames without a pose.
    """
    if not (np.isfinite(pose.rotation).all() and np.isfinite(pose.translation).all()):
        reason = "the pose holds NaN or infinite numbers"
        raise DataError(str(path), reason, "Correct the pose, or remove the frame.")
    return pose
