"""Voxels: the cubes a scene is cut into, each with a frame of its own (paper section 3.1).

A voxel's frame has the world's axes and its origin at the mean of the voxel's points, the O_v of
equation 9; so coordinates in a voxel are small and float32 holds them.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.errors import MappingError
from neumap.geometry import RigidTransform

_MAX_CELLS_PER_AXIS = 2**20  # three axes fit in one int64 key


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """A sparse grid of cubes: voxel v covers [origin + cells[v] side, origin + (cells[v]+1) side).

    Raises ValueError on a side that is not positive and finite, or on cells that are repeated,
    unsorted or too far apart.
    """

    origin: Float[np.ndarray, "3"]
    """World position of the lower corner of cell (0, 0, 0)."""
    side: float
    """Edge length in scene units; any positive number."""
    cells: Int[np.ndarray, "voxel 3"]
    """Integer position of each voxel, in lexicographic order."""
    frame_origins: Float[np.ndarray, "voxel 3"]
    """World position of each voxel frame's origin."""

    def __post_init__(self) -> None:
        """Refuse impossible grids."""
        if not (np.isfinite(self.side) and self.side > 0):
            raise ValueError(f"voxel side is {self.side}, expected a positive number")
        if len(self.cells) != len(self.frame_origins):
            raise ValueError(f"{len(self.cells)} cells, but {len(self.frame_origins)} origins")
        if len(self.cells):
            extent = np.ptp(self.cells, axis=0).max()
            if extent >= _MAX_CELLS_PER_AXIS:
                raise ValueError(f"cells span {extent} per axis, the limit is {2**20}")
            if not (np.diff(self._keys(self.cells)) > 0).all():
                raise ValueError("cells are repeated or not in lexicographic order")

    @classmethod
    def from_points(
        cls,
        xyz_in_world: Float[np.ndarray, "point 3"],
        *,
        side: float | None = None,
        min_points: int = 20,
        margin: float = 0.1,
    ) -> "VoxelGrid":
        """Cut the space around points; `side=None` makes one voxel of the robust bounds.

        The bounds run from the 1st to the 99th percentile (the paper's rule for the origin), grown
        on each side by `margin` times the largest extent. Voxels with fewer than `min_points`
        points are dropped. Points that are not finite are passed over.
        Raises MappingError when no voxel is left.
        """
        xyz = xyz_in_world[np.isfinite(xyz_in_world).all(axis=1)]
        if len(xyz) == 0:
            raise _no_voxel("there are no scene points")
        low, high = np.percentile(xyz, [1.0, 99.0], axis=0)
        extent = max(float((high - low).max()), 1e-9)
        if side is None:
            side = extent * (1 + 2 * margin)
            origin = 0.5 * (low + high) - 0.5 * side
            cells = np.zeros((1, 3), dtype=np.int64)
        else:
            origin = low - margin * extent
            cells = np.unique(_cells_of(xyz, origin, side), axis=0)
        grid = cls(origin, float(side), cells, origin + (cells + 0.5) * side)
        counts = np.bincount(_known(grid.voxel_idx(xyz)), minlength=len(grid))
        grid = grid.kept(counts >= min_points)
        if len(grid) == 0:
            raise _no_voxel(f"no voxel of side {side:g} holds {min_points} scene points")
        return grid.with_frames_at_means(xyz)

    def __len__(self) -> int:
        """Return the number of voxels."""
        return len(self.cells)

    def voxel_idx(self, xyz_in_world: Float[np.ndarray, "point 3"]) -> Int[np.ndarray, " point"]:
        """Tell which voxel holds each point; -1 where none does (also for NaN)."""
        out = np.full(len(xyz_in_world), -1, dtype=np.int64)
        if len(self) == 0:
            return out
        usable = np.flatnonzero(np.isfinite(xyz_in_world).all(axis=1))
        relative = np.floor((xyz_in_world[usable] - self.origin) / self.side)
        inside = (relative >= self.cells.min(0)).all(1) & (relative <= self.cells.max(0)).all(1)
        usable, cells = usable[inside], relative[inside].astype(np.int64)
        keys, known = self._keys(cells), self._keys(self.cells)
        position = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        found = known[position] == keys
        out[usable[found]] = position[found]
        return out

    def world_from_voxel(self, voxel_idx: Int[np.ndarray, " point"]) -> RigidTransform:
        """Batched transforms from voxel frames; raises ValueError on an unknown index."""
        self._check(voxel_idx)
        rotation = np.broadcast_to(np.eye(3), (len(voxel_idx), 3, 3))
        return RigidTransform(rotation, self.frame_origins[voxel_idx])

    def to_voxel(
        self, xyz_in_world: Float[np.ndarray, "point 3"], voxel_idx: Int[np.ndarray, " point"]
    ) -> Float32[np.ndarray, "point 3"]:
        """Move each world point to the frame of its voxel; ValueError on an unknown index."""
        self._check(voxel_idx)
        return (xyz_in_world - self.frame_origins[voxel_idx]).astype(np.float32)

    def to_world(
        self, xyz_in_voxel: Float[np.ndarray, "point 3"], voxel_idx: Int[np.ndarray, " point"]
    ) -> Float[np.ndarray, "point 3"]:
        """Move points from voxel frames to the world; ValueError on an unknown index."""
        self._check(voxel_idx)
        return xyz_in_voxel.astype(np.float64) + self.frame_origins[voxel_idx]

    def kept(self, is_kept: Bool[np.ndarray, " voxel"]) -> "VoxelGrid":
        """Return the grid with some voxels only."""
        return replace(self, cells=self.cells[is_kept], frame_origins=self.frame_origins[is_kept])

    def with_frames_at_means(self, xyz_in_world: Float[np.ndarray, "point 3"]) -> "VoxelGrid":
        """Put each frame's origin at the mean of its points; a voxel without points keeps its."""
        idx = self.voxel_idx(xyz_in_world)
        held = idx >= 0
        counts = np.bincount(idx[held], minlength=len(self))
        sums = np.stack(
            [np.bincount(idx[held], xyz_in_world[held, a], len(self)) for a in range(3)], axis=1
        )
        means = sums / np.maximum(counts, 1)[:, None]
        return replace(self, frame_origins=np.where(counts[:, None] > 0, means, self.frame_origins))

    def rms_radii(self, xyz_in_world: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, " voxel"]:
        """Root mean square distance of each voxel's points from its frame's origin.

        A voxel without points, or whose points coincide, gets half its side.
        """
        idx = self.voxel_idx(xyz_in_world)
        held = idx >= 0
        squared = ((xyz_in_world[held] - self.frame_origins[idx[held]]) ** 2).sum(axis=1)
        counts = np.bincount(idx[held], minlength=len(self))
        radii = np.sqrt(np.bincount(idx[held], squared, len(self)) / np.maximum(counts, 1))
        return np.where(radii > 1e-6 * self.side, radii, 0.5 * self.side)

    def split(self, factor: int) -> "VoxelGrid":
        """Cut each voxel in factor^3 cubes, frames at their centres; `merged` undoes it."""
        if factor < 1:
            raise ValueError(f"factor is {factor}, expected at least 1")
        steps = np.stack(np.meshgrid(*[np.arange(factor)] * 3, indexing="ij"), axis=-1)
        cells = (self.cells[:, None] * factor + steps.reshape(1, -1, 3)).reshape(-1, 3)
        return self._regridded(np.unique(cells, axis=0), self.side / factor)

    def merged(self, factor: int) -> "VoxelGrid":
        """Join factor^3 neighbours to one voxel, frames at the centres."""
        if factor < 1:
            raise ValueError(f"factor is {factor}, expected at least 1")
        return self._regridded(np.unique(self.cells // factor, axis=0), self.side * factor)

    def _regridded(self, cells: Int[np.ndarray, "voxel 3"], side: float) -> "VoxelGrid":
        return VoxelGrid(self.origin, side, cells, self.origin + (cells + 0.5) * side)

    def _keys(self, cells: Int[np.ndarray, "cell 3"]) -> Int[np.ndarray, " cell"]:
        relative = cells - self.cells.min(axis=0)
        return (relative[:, 0] * 2**20 + relative[:, 1]) * 2**20 + relative[:, 2]

    def _check(self, voxel_idx: Int[np.ndarray, " point"]) -> None:
        if len(voxel_idx) and not (voxel_idx.min() >= 0 and voxel_idx.max() < len(self)):
            raise ValueError(
                f"voxel indices run from {voxel_idx.min()} to {voxel_idx.max()}, "
                f"the grid has 0 to {len(self) - 1}"
            )


def _cells_of(
    xyz: Float[np.ndarray, "point 3"], origin: Float[np.ndarray, "3"], side: float
) -> Int[np.ndarray, "point 3"]:
    if not (np.isfinite(side) and side > 0):
        raise ValueError(f"voxel side is {side}, expected a positive number")
    cells = np.floor((xyz - origin) / side)
    # Points thousands of voxels away are outliers of triangulation, not part of the scene.
    near = (np.abs(cells) < _MAX_CELLS_PER_AXIS // 2 - 1).all(axis=1)
    return cells[near].astype(np.int64)


def _known(voxel_idx: Int[np.ndarray, " point"]) -> Int[np.ndarray, " held"]:
    return voxel_idx[voxel_idx >= 0]


def _no_voxel(reason: str) -> MappingError:
    return MappingError("voxels", reason, "Use a larger voxel side or more overlapping photos.")
