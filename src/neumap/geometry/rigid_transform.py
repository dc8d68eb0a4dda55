"""Rigid transforms `target_from_source`, in float64: x_in_target = R x_in_source + t."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """A rotation and a translation, single or batched over leading axes.

    Name instances `target_from_source`; `a_from_b @ b_from_c` is `a_from_c`.
    """

    rotation: Float[np.ndarray, "*batch 3 3"]
    """Rotation matrices (determinant +1)."""
    translation: Float[np.ndarray, "*batch 3"]
    """Position of the source's origin in the target frame, in scene units."""

    @classmethod
    def identity(cls) -> "RigidTransform":
        """Return the transform that changes nothing."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_matrix(cls, matrix: Float[np.ndarray, "*batch rows 4"]) -> "RigidTransform":
        """Take R and t from 3x4 or 4x4 matrices; no check (see `defect`)."""
        matrix = np.asarray(matrix, dtype=np.float64)
        return cls(matrix[..., :3, :3].copy(), matrix[..., :3, 3].copy())

    @classmethod
    def from_quat_wxyz(
        cls, quat_wxyz: Float[np.ndarray, "*batch 4"], translation: Float[np.ndarray, "*batch 3"]
    ) -> "RigidTransform":
        """Build from quaternions, scalar first; they are normalised here."""
        rotation = Rotation.from_quat(np.asarray(quat_wxyz), scalar_first=True).as_matrix()
        return cls(rotation, np.array(translation, dtype=np.float64))

    @property
    def matrix(self) -> Float[np.ndarray, "*batch 4 4"]:
        """Homogeneous 4x4 matrices."""
        out = np.zeros((*self.translation.shape[:-1], 4, 4))
        out[..., :3, :3] = self.rotation
        out[..., :3, 3] = self.translation
        out[..., 3, 3] = 1.0
        return out

    @property
    def quat_wxyz(self) -> Float[np.ndarray, "*batch 4"]:
        """Unit quaternions, scalar first and not negative."""
        return Rotation.from_matrix(self.rotation).as_quat(scalar_first=True, canonical=True)

    def inverse(self) -> "RigidTransform":
        """Return source_from_target."""
        rotation = np.swapaxes(self.rotation, -1, -2)
        return RigidTransform(rotation, -np.einsum("...ij,...j->...i", rotation, self.translation))

    def __matmul__(self, other: "RigidTransform") -> "RigidTransform":
        """Compose: `a_from_b @ b_from_c` is `a_from_c`; leading axes broadcast."""
        moved = np.einsum("...ij,...j->...i", self.rotation, other.translation)
        return RigidTransform(self.rotation @ other.rotation, moved + self.translation)

    def apply(
        self, xyz: Float[np.ndarray, "*batch point 3"]
    ) -> Float[np.ndarray, "*batch point 3"]:
        """Move points given in the source frame to the target frame."""
        return xyz @ np.swapaxes(self.rotation, -1, -2) + self.translation[..., None, :]

    @property
    def center_in_source(self) -> Float[np.ndarray, "*batch 3"]:
        """Origin of the target in the source frame (the camera centre of a `cam_from_world`)."""
        return self.inverse().translation

    def defect(self) -> str | None:
        """Say why this single transform is not a finite rotation and translation, or None.

        Orthonormality is asked for within 1e-3 (`reliability.md` D3 practice).
        """
        if not (np.isfinite(self.rotation).all() and np.isfinite(self.translation).all()):
            return "the pose holds NaN or infinite numbers"
        determinant = float(np.linalg.det(self.rotation))
        if determinant < 0:
            return f"the pose is mirrored (determinant {determinant:.3f}, expected +1)"
        gap = float(np.abs(self.rotation @ self.rotation.T - np.eye(3)).max())
        if gap > 1e-3:
            return f"the rotation is not orthonormal (R R^T differs from I by {gap:.1e})"
        return None

    def orthonormalised(self) -> "RigidTransform":
        """Return the nearest rigid transform (polar projection of R)."""
        u, _, vt = np.linalg.svd(self.rotation)
        sign = np.linalg.det(u @ vt)
        u[..., :, -1] *= np.asarray(sign)[..., None]
        return RigidTransform(u @ vt, self.translation)


def rotation_angle_deg(
    rotation_a: Float[np.ndarray, "*batch 3 3"], rotation_b: Float[np.ndarray, "*batch 3 3"]
) -> Float[np.ndarray, "*batch"]:
    """Angle between rotations in degrees, accurate near 0 and 180."""
    relative = np.asarray(rotation_a @ np.swapaxes(rotation_b, -1, -2))
    flat = Rotation.from_matrix(relative.reshape(-1, 3, 3)).magnitude()
    return np.degrees(flat).reshape(relative.shape[:-2])
