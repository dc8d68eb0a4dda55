"""Which views see which voxel (paper section 3.1: at least 20 scene points of it)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from neumap.scene.scene import Scene
from neumap.scene.voxels import VoxelGrid


@dataclass(frozen=True, eq=False)
class VoxelVisibility:
    """Pairs of a voxel and a view that sees it, sorted by voxel, then by view."""

    num_voxels: int
    num_views: int
    pair_voxel_idx: Int[np.ndarray, " pair"]
    pair_view_idx: Int[np.ndarray, " pair"]
    pair_num_points: Int[np.ndarray, " pair"]
    """Distinct scene points of the voxel that the view observes."""

    @classmethod
    def from_scene(
        cls, scene: Scene, grid: VoxelGrid, *, min_points: int = 20
    ) -> "VoxelVisibility":
        """Count the observed points; a view sees a voxel from `min_points` on."""
        points = scene.points
        voxel_of_point = grid.voxel_idx(points.xyz_in_world)
        voxel = voxel_of_point[points.obs_point_idx]
        held = voxel >= 0
        # A view may observe one point at two of its pixels: that is one point.
        observed = np.unique(
            np.stack([voxel[held], points.obs_view_idx[held], points.obs_point_idx[held]], 1),
            axis=0,
        )
        pairs, counts = np.unique(observed[:, :2], axis=0, return_counts=True)
        enough = counts >= min_points
        pairs = pairs[enough].astype(np.int64)
        return cls(len(grid), len(scene.views), pairs[:, 0], pairs[:, 1], counts[enough])

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.pair_voxel_idx)

    def views_of(self, voxel_idx: int) -> Int[np.ndarray, " view"]:
        """Views that see one voxel, ascending; ValueError on an unknown voxel."""
        if not 0 <= voxel_idx < self.num_voxels:
            raise ValueError(f"voxel {voxel_idx} is unknown, the grid has {self.num_voxels}")
        return self.pair_view_idx[self.pair_voxel_idx == voxel_idx]

    def voxels_of(self, view_idx: int) -> Int[np.ndarray, " voxel"]:
        """Voxels that one view sees, ascending; ValueError on an unknown view."""
        if not 0 <= view_idx < self.num_views:
            raise ValueError(f"view {view_idx} is unknown, the scene has {self.num_views}")
        return self.pair_voxel_idx[self.pair_view_idx == view_idx]
