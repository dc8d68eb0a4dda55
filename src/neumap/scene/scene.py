"""The records of a mapped scene: views with features, points, and who sees what."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.features import LocalFeatures
from neumap.geometry import Camera, RigidTransform
from neumap.images.posed_image import Units


@dataclass(frozen=True, eq=False)
class MappingView:
    """One mapping photo with its features; pixels are kept, rays are undistorted."""

    name: str
    camera: Camera
    cam_from_world: RigidTransform
    features: LocalFeatures
    xy_cam: Float[np.ndarray, "pixel 2"]
    """Undistorted normalised coordinates (x/z, y/z) of the key-points."""


@dataclass(frozen=True, eq=False)
class ScenePoints:
    """Points with their observations, which are sorted by point."""

    xyz_in_world: Float[np.ndarray, "point 3"]
    descriptors: Float32[np.ndarray, "point channel"]
    """Mean descriptor of a point's observations, unit length."""
    obs_point_idx: Int[np.ndarray, " obs"]
    obs_view_idx: Int[np.ndarray, " obs"]
    """Index into Scene.views."""
    obs_pixel_idx: Int[np.ndarray, " obs"]
    """Index into that view's features."""

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.xyz_in_world)

    def num_observations(self) -> Int[np.ndarray, " point"]:
        """Count the observations of each point."""
        return np.bincount(self.obs_point_idx, minlength=len(self))


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything mapping needs of a place; photos themselves are no longer needed."""

    views: tuple[MappingView, ...]
    points: ScenePoints
    units: Units
