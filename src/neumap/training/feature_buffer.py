"""What training draws from: descriptors, rays and targets of all views of a scene, shuffled."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor

from neumap.codes.dense_codes import VoxelFrames
from neumap.errors import MappingError
from neumap.scene import Scene
from neumap.scene.visibility import VoxelVisibility
from neumap.scene.voxels import VoxelGrid
from neumap.training.sampling import PixelTable, sample_pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchConfig:
    """How many pixels one batch holds."""

    voxels: int = 8
    """Voxels in a batch, without replacement until all had their turn."""
    views_per_voxel: int = 32
    """Views drawn for each voxel, with replacement, among those that see it."""
    pixels_per_view: int = 64
    """Pixels drawn in each view."""
    in_voxel_share: float = 0.75
    """Largest share of pixels in the voxel; the rest are outside (paper: 0.5 to 0.8)."""

    def __post_init__(self) -> None:
        """Refuse empty batches."""
        if min(self.voxels, self.views_per_voxel, self.pixels_per_view) < 1:
            raise ValueError(f"{self} has numbers below 1")
        if not 0 < self.in_voxel_share <= 1:
            raise ValueError(f"in_voxel_share is {self.in_voxel_share}, expected in (0, 1]")


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """Pixels of several voxels; points are in voxel frames, in scene units."""

    voxel_idx: Int[Tensor, " voxel"]
    view_idx: Int[Tensor, "voxel pixel"]
    descriptors: Float32[Tensor, "voxel pixel channel"]
    xy_cam: Float32[Tensor, "voxel pixel 2"]
    xyz_in_voxel: Float32[Tensor, "voxel pixel 3"]
    """NaN where the pixel has no 3D point."""
    is_in_voxel: Bool[Tensor, "voxel pixel"]
    is_valid: Bool[Tensor, "voxel pixel"]
    """False for entries without a pixel behind them: they must not enter a loss."""
    cam_from_voxel: Float32[Tensor, "voxel pixel 3 4"]
    focal_px: Float32[Tensor, "voxel pixel"]


class FeatureBuffer:
    """All pixels of a scene on one device; draws batches across views.

    Descriptors are held in half precision. Voxels that no view sees cannot be learned and are
    left out: `grid` holds the others, and voxel indices refer to it.
    Raises MappingError when no view sees any voxel.
    """

    def __init__(
        self,
        scene: Scene,
        grid: VoxelGrid,
        *,
        min_points_per_view: int = 20,
        device: str | torch.device = "cpu",
    ) -> None:
        visibility = VoxelVisibility.from_scene(scene, grid, min_points=min_points_per_view)
        if len(visibility) == 0:
            reason = f"no view sees {min_points_per_view} scene points of any voxel"
            raise MappingError("training views", reason, "Use larger voxels or more photos.")
        seen = np.bincount(visibility.pair_voxel_idx, minlength=len(grid)) > 0
        if not seen.all():
            grid = grid.kept(seen)
            visibility = VoxelVisibility.from_scene(scene, grid, min_points=min_points_per_view)
        self.device = torch.device(device)
        self.grid = grid
        self._radii = grid.rms_radii(scene.points.xyz_in_world)
        xyz = _targets(scene)
        voxel_of_pixel = [grid.voxel_idx(points) for points in xyz]
        xy_img = [view.features.xy_img for view in scene.views]
        self._table = PixelTable.from_views(xy_img, voxel_of_pixel).to(device)
        counts = np.array([len(points) for points in xyz], dtype=np.int64)
        self._first = torch.from_numpy(np.cumsum(counts) - counts).to(device)
        descriptors = np.concatenate([view.features.descriptors for view in scene.views])
        self._descriptors = torch.from_numpy(descriptors).half().to(device)
        rays = np.concatenate([view.xy_cam for view in scene.views]).astype(np.float32)
        self._xy_cam = torch.from_numpy(rays).to(device)
        self._xyz_in_world = torch.from_numpy(np.concatenate(xyz)).to(device)
        self._origins = torch.from_numpy(grid.frame_origins).to(device)
        cam_from_world = np.stack([view.cam_from_world.matrix[:3] for view in scene.views])
        self._cam_from_world = torch.from_numpy(cam_from_world).to(device)
        focal = np.array([view.camera.focal_px for view in scene.views], dtype=np.float32)
        self._focal_px = torch.from_numpy(focal).to(device)
        self._seeing_view = torch.from_numpy(visibility.pair_view_idx).to(device)
        num_views = np.bincount(visibility.pair_voxel_idx, minlength=len(grid))
        self._num_views = torch.from_numpy(num_views).to(device)
        self._first_pair = torch.from_numpy(np.cumsum(num_views) - num_views).to(device)
        self._queue = torch.zeros(0, dtype=torch.int64, device=self.device)

    def __len__(self) -> int:
        """Return the number of pixels of all views."""
        return len(self._descriptors)

    @property
    def descriptor_dim(self) -> int:
        """Channels of a descriptor."""
        return self._descriptors.shape[1]

    def voxel_frames(self, *, is_normalised: bool = True) -> VoxelFrames:
        """Frames for the codes; unit of length: the points' spread, or 1 as in the paper."""
        lengths = self._radii if is_normalised else np.ones(len(self.grid))
        return VoxelFrames(self.grid.frame_origins, lengths)

    def draw(self, config: BatchConfig, *, generator: torch.Generator) -> TrainingBatch:
        """Draw the next batch: pixels of random views that see the next voxels."""
        voxel_idx = self._next_voxels(config.voxels, generator)
        pair_voxel = voxel_idx.repeat_interleave(config.views_per_voxel)
        pick = torch.rand(len(pair_voxel), generator=generator, device=self.device)
        pick = (pick * self._num_views[pair_voxel]).long()
        pair_view = self._seeing_view[self._first_pair[pair_voxel] + pick]
        sample = sample_pixels(
            self._table,
            pair_voxel,
            pair_view,
            num_in_voxel=max(1, round(config.in_voxel_share * config.pixels_per_view)),
            num_drawn=config.pixels_per_view,
            generator=generator,
        )
        flat = torch.where(sample.is_valid, self._first[pair_view][:, None] + sample.slot_idx, 0)
        xyz = self._xyz_in_world[flat] - self._origins[pair_voxel][:, None]
        shape = len(voxel_idx), -1
        view_idx = pair_view[:, None].expand_as(flat)
        return TrainingBatch(
            voxel_idx=voxel_idx,
            view_idx=view_idx.reshape(shape),
            descriptors=self._descriptors[flat].float().reshape(*shape, self.descriptor_dim),
            xy_cam=self._xy_cam[flat].reshape(*shape, 2),
            xyz_in_voxel=xyz.float().reshape(*shape, 3),
            is_in_voxel=sample.is_in_voxel.reshape(shape),
            is_valid=sample.is_valid.reshape(shape),
            cam_from_voxel=self._cam_from_voxel(pair_voxel, pair_view)[:, None]
            .expand(-1, flat.shape[1], -1, -1)
            .reshape(*shape, 3, 4),
            focal_px=self._focal_px[view_idx].reshape(shape),
        )

    def _cam_from_voxel(
        self, voxel_idx: Int[Tensor, " pair"], view_idx: Int[Tensor, " pair"]
    ) -> Float32[Tensor, "pair 3 4"]:
        # In double precision, since voxels may lie far from the world's origin.
        cam_from_world = self._cam_from_world[view_idx]
        moved = cam_from_world[:, :, :3] @ self._origins[voxel_idx][..., None]
        translation = moved + cam_from_world[:, :, 3:]
        return torch.cat([cam_from_world[:, :, :3], translation], dim=2).float()

    def _next_voxels(self, count: int, generator: torch.Generator) -> Int[Tensor, " voxel"]:
        count = min(count, len(self.grid))
        if len(self._queue) < count:
            fresh = torch.randperm(len(self.grid), generator=generator, device=self.device)
            # A voxel still waiting must not be drawn twice in one batch.
            waiting = (fresh[:, None] == self._queue[None]).any(dim=1)
            self._queue = torch.cat([self._queue, fresh[~waiting], fresh[waiting]])
        drawn, self._queue = self._queue[:count], self._queue[count:]
        return drawn


def _targets(scene: Scene) -> list[Float[np.ndarray, "_ 3"]]:
    """World point of each pixel of each view, NaN where it has none."""
    points = scene.points
    out = [np.full((len(view.features), 3), np.nan) for view in scene.views]
    order = np.argsort(points.obs_view_idx, kind="stable")
    bounds = np.searchsorted(points.obs_view_idx[order], np.arange(len(out) + 1))
    for view, xyz in enumerate(out):
        own = order[bounds[view] : bounds[view + 1]]
        xyz[points.obs_pixel_idx[own]] = points.xyz_in_world[points.obs_point_idx[own]]
    return out
