"""Similarity transforms, to compare trajectories whose scale is not known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neumap.geometry.rigid_transform import RigidTransform


@dataclass(frozen=True, eq=False)
class Similarity:
    """x_in_target = scale R x_in_source + t."""

    scale: float
    target_from_source: RigidTransform

    def apply(self, xyz: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
        """Move points from the source to the target frame."""
        return self.target_from_source.apply(self.scale * xyz)

    @classmethod
    def fit(
        cls, source: Float[np.ndarray, "point 3"], target: Float[np.ndarray, "point 3"]
    ) -> "Similarity":
        """Least-squares similarity (Umeyama 1991, eq. 40-43).

        Raises ValueError on fewer than 3 points or points without extent.
        """
        if len(source) != len(target) or len(source) < 3:
            raise ValueError(f"{len(source)} and {len(target)} points, expected >= 3 pairs")
        mean_source, mean_target = source.mean(0), target.mean(0)
        centred_source, centred_target = source - mean_source, target - mean_target
        variance = float((centred_source**2).sum() / len(source))
        if variance < 1e-18:
            raise ValueError("all source points are equal: no similarity is determined")
        u, singular, vt = np.linalg.svd(centred_target.T @ centred_source / len(source))
        signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
        rotation = (u * signs) @ vt
        scale = float((singular * signs).sum() / variance)
        translation = mean_target - scale * rotation @ mean_source
        return cls(scale, RigidTransform(rotation, translation))
