"""Trains a coordinate head on the key-points of a scene's mapped photos."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neumap.baselines.coordinate_head import CoordinateHead
from neumap.scene.scene import Scene

_REFERENCE_SIDE = 640  # errors are in pixels of photos of this longest side
_MAX_ERROR_PX = 1000.0  # of a valid prediction
_OFF_TARGET = 0.1  # of the median depth: a prediction farther from its target is not valid
_WIDEST_PX, _NARROWEST_PX = 50.0, 1.0  # bounds of the robust loss, at the start and at the end


@dataclass(frozen=True, kw_only=True, slots=True)
class CoordinateHeadConfig:
    """Size of the head and length of the training; a minute or so on one free core."""

    width: int = 128
    num_steps: int = 2000
    batch: int = 2048
    peak_rate: float = 5e-3
    max_samples: int = 1_000_000
    """Key-points that are trained on, drawn at random where there are more."""


@dataclass(frozen=True, eq=False)
class _Buffer:
    """Key-points of all photos, in random order once and for all (paper, section 3.2)."""

    descriptors: Float[Tensor, "sample channel"]
    target_in_world: Float[Tensor, "sample 3"]
    """The point that the scene knows a key-point to show."""
    xy_cam: Float[Tensor, "sample 2"]
    focal_px: Float[Tensor, " sample"]
    rotation: Float[Tensor, "sample 3 3"]
    translation: Float[Tensor, "sample 3"]

    @classmethod
    def from_scene(cls, scene: Scene, count: int, generator: np.random.Generator) -> "_Buffer":
        points = scene.points
        chosen = generator.permutation(len(points.obs_point_idx))[:count]
        view_idx, pixel_idx = points.obs_view_idx[chosen], points.obs_pixel_idx[chosen]
        first = np.concatenate([[0], np.cumsum([len(view.features) for view in scene.views])])
        flat = first[view_idx] + pixel_idx
        descriptors = np.concatenate([view.features.descriptors for view in scene.views])
        xy_cam = np.concatenate([view.xy_cam for view in scene.views])
        focal = np.array(
            [
                view.camera.focal_px * _REFERENCE_SIDE / max(view.camera.width, view.camera.height)
                for view in scene.views
            ]
        )
        rotation = np.stack([view.cam_from_world.rotation for view in scene.views])
        translation = np.stack([view.cam_from_world.translation for view in scene.views])
        return cls(
            torch.from_numpy(descriptors[flat]),
            _tensor(points.xyz_in_world[points.obs_point_idx[chosen]]),
            _tensor(xy_cam[flat]),
            _tensor(focal[view_idx]),
            _tensor(rotation[view_idx]),
            _tensor(translation[view_idx]),
        )

    def __len__(self) -> int:
        return len(self.descriptors)

    def slice(self, start: int, stop: int) -> "_Buffer":
        return _Buffer(
            *(self.descriptors[start:stop], self.target_in_world[start:stop]),
            *(self.xy_cam[start:stop], self.focal_px[start:stop]),
            *(self.rotation[start:stop], self.translation[start:stop]),
        )

    def in_cam(self, xyz_in_world: Float[Tensor, "sample 3"]) -> Float[Tensor, "sample 3"]:
        return torch.einsum("nij,nj->ni", self.rotation, xyz_in_world) + self.translation


def train_coordinate_head(
    scene: Scene, *, seed: int, config: CoordinateHeadConfig | None = None
) -> CoordinateHead:
    """Train a head for a scene; the same seed gives the same head.

    As in the paper: a shuffled buffer, AdamW with one cycle of its rate, the robust reprojection
    error of equations 4 and 5. Unlike there: key-points stand for the grid of patches, without
    augmented views, and what a key-point shows is known, so that a prediction far from it is
    pulled towards it, as DSAC* does with depth (Brachmann and Rother, TPAMI 2021).
    """
    config = config if config is not None else CoordinateHeadConfig()
    buffer = _Buffer.from_scene(scene, config.max_samples, np.random.default_rng(seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # layers draw from the global state
        head = CoordinateHead(descriptor_dim=buffer.descriptors.shape[1], width=config.width)
    middle = buffer.target_in_world.median(dim=0).values
    spread = (buffer.target_in_world - middle).norm(dim=1).median()
    head.place(middle, float(spread))
    median_depth = float(buffer.in_cam(buffer.target_in_world)[:, 2].median())
    optimizer = torch.optim.AdamW(head.parameters(), lr=config.peak_rate)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.peak_rate, total_steps=config.num_steps, cycle_momentum=False
    )
    starts = max(len(buffer) - config.batch, 0) + 1
    for step in range(config.num_steps):
        start = step * config.batch % starts
        batch = buffer.slice(start, start + config.batch)
        loss = _loss(
            head(batch.descriptors), batch, step / config.num_steps, median_depth=median_depth
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
    return head.half_rounded().eval()


def _loss(
    predicted: Float[Tensor, "sample 3"], batch: _Buffer, progress: float, *, median_depth: float
) -> Float[Tensor, ""]:
    """Robust reprojection error of valid predictions, distance from the target of the others."""
    in_cam = batch.in_cam(predicted)
    depth = in_cam[:, 2].clamp(min=1e-3 * median_depth)
    gap = in_cam[:, :2] / depth[:, None] - batch.xy_cam
    error_px = batch.focal_px * gap.norm(dim=1)
    off_target = (predicted - batch.target_in_world).norm(dim=1) / median_depth
    is_valid = (off_target < _OFF_TARGET) & (error_px < _MAX_ERROR_PX)
    bound_px = _WIDEST_PX * (1 - progress**2) ** 0.5 + _NARROWEST_PX
    robust_px = bound_px * torch.tanh(error_px / bound_px)
    # At the limit of validity the pull is as large as the robust error is at most.
    pull_px = (_WIDEST_PX + _NARROWEST_PX) * off_target / _OFF_TARGET
    return torch.where(is_valid, robust_px, pull_px).mean()


def _tensor(values: Float[np.ndarray, "..."]) -> Float[Tensor, "..."]:
    return torch.from_numpy(values.astype(np.float32))
