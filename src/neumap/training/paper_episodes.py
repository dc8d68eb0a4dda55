"""What joint training of the `paper` decoder draws: scenes in many guises, seen and unseen views.

A guise is a scene turned at random, with some of its views for mapping, some of its points as
codes and an offset to those codes that is trained along. Codes learn from mapping views only, the
network also from the other views, so that it learns codes that carry over (ACE-G's idea).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int
from scipy.spatial import KDTree
from torch import Tensor

from neumap.codes.dense_codes import CodeTokens
from neumap.codes.selection import select_by_coverage
from neumap.decoder.code_start import CodeStart
from neumap.training.scene_cache import TrainingScene

_MOST_CODES = 2000
_NEAR = 0.03  # spreads of the scene within which a pixel has a code


@dataclass(frozen=True, eq=False)
class EpisodeScene:
    """A scene's pixels and points as tensors, positions centred and of unit spread."""

    descriptors: Float32[Tensor, "pixel channel"]
    view_idx: Int[Tensor, " pixel"]
    xyz: Float32[Tensor, "pixel 3"]
    """NaN where a pixel has no known point."""
    candidates: Int[np.ndarray, " candidate"]
    """Points in the order of greedy coverage."""
    points_xyz: Float32[Tensor, "point 3"]
    obs_point_idx: Int[np.ndarray, " obs"]
    obs_view_idx: Int[np.ndarray, " obs"]
    obs_descriptors: Float32[Tensor, "obs channel"]

    @property
    def num_views(self) -> int:
        """Number of views."""
        return int(self.view_idx.max()) + 1

    @classmethod
    def from_training_scene(cls, made: TrainingScene) -> "EpisodeScene":
        """Collect the pixels of all mapping views; positions come from depth where known."""
        views, points = made.scene.views, made.scene.points
        counts = np.array([len(view.features) for view in views])
        first = np.cumsum(counts) - counts
        xyz = np.full((int(counts.sum()), 3), np.nan)
        for index, view in enumerate(views):
            rays = np.concatenate([view.xy_cam, np.ones((counts[index], 1))], axis=1)
            seen = rays * made.depths[index][:, None]
            xyz[first[index] : first[index] + counts[index]] = view.cam_from_world.inverse().apply(
                seen
            )
        rows = first[points.obs_view_idx] + points.obs_pixel_idx
        xyz[rows] = points.xyz_in_world[points.obs_point_idx]
        centre = points.xyz_in_world.mean(axis=0)
        radius = np.sqrt(((points.xyz_in_world - centre) ** 2).sum(axis=1).mean())
        descriptors = torch.from_numpy(np.concatenate([v.features.descriptors for v in views]))
        return cls(
            descriptors,
            torch.from_numpy(np.repeat(np.arange(len(views)), counts)),
            torch.from_numpy(((xyz - centre) / radius).astype(np.float32)),
            select_by_coverage(made.scene, _MOST_CODES),
            torch.from_numpy(((points.xyz_in_world - centre) / radius).astype(np.float32)),
            points.obs_point_idx,
            points.obs_view_idx,
            descriptors[torch.from_numpy(rows)],
        )


@dataclass(frozen=True, eq=False)
class PixelBatch:
    """Pixels of mapping views (row 0) and of other views (row 1)."""

    descriptors: Float32[Tensor, "2 pixel channel"]
    xyz: Float32[Tensor, "2 pixel 3"]
    is_known: Bool[Tensor, "2 pixel"]
    is_uniform: Bool[Tensor, "2 pixel"]
    """Drawn among all pixels, so that they tell how often a prediction is right."""


class Guise:
    """One scene as it is trained for a while: points, turn, views and the codes' offset."""

    def __init__(
        self,
        scene: EpisodeScene,
        *,
        num_codes: int,
        num_blocks: int,
        width: int,
        rng: np.random.Generator,
    ) -> None:
        self._scene = scene
        is_mapping = rng.permutation(scene.num_views) < round(0.7 * scene.num_views)
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        self._turn = torch.from_numpy((turn * np.sign(np.linalg.det(turn))).astype(np.float32))
        mapped = np.flatnonzero(is_mapping[scene.obs_view_idx])
        seen = np.zeros(len(scene.points_xyz), dtype=bool)
        seen[scene.obs_point_idx[mapped]] = True
        order = scene.candidates[seen[scene.candidates]]
        chosen = rng.permutation(order[: int(1.3 * num_codes)])[:num_codes]
        self._xyz = scene.points_xyz[chosen] @ self._turn.T
        self._descriptors = _mean_descriptors(scene, mapped, chosen)
        mask = torch.from_numpy(is_mapping)[scene.view_idx]
        near = KDTree(scene.points_xyz[chosen].numpy()).query(
            scene.xyz.nan_to_num(1e3).numpy(), distance_upper_bound=_NEAR
        )[0]
        has_code = torch.from_numpy(np.isfinite(near))
        self._rows = tuple(
            (torch.nonzero(side)[:, 0], torch.nonzero(side & has_code)[:, 0])
            for side in (mask, ~mask)
        )
        shape = num_blocks, len(chosen) + 1, width
        self.offset = torch.zeros(shape, requires_grad=True)
        self.optimizer = torch.optim.Adam([self.offset], lr=0.01, betas=(0.9, 0.95))

    def codes(self, start: CodeStart) -> CodeTokens:
        """Codes for both rows of a batch; the offset learns from row 0 alone."""
        begun, is_kept = start(self._descriptors, self._xyz)
        codes = torch.stack([begun + self.offset, begun + self.offset.detach()])
        return CodeTokens(codes, is_kept.expand(2, -1, -1))

    def draw(self, num_pixels: int, generator: torch.Generator) -> PixelBatch:
        """Draw half of the pixels among all, half near codes; light noise on descriptors."""
        picks = torch.stack(
            [
                torch.cat([_picked(some, num_pixels // 2, generator) for some in sides])
                for sides in self._rows
            ]
        )
        descriptors = self._scene.descriptors[picks]
        descriptors = descriptors + 0.01 * torch.randn(descriptors.shape, generator=generator)
        xyz = self._scene.xyz[picks] @ self._turn.T
        is_uniform = torch.arange(picks.shape[1]).expand_as(picks) < num_pixels // 2
        return PixelBatch(descriptors, xyz, torch.isfinite(xyz).all(dim=-1), is_uniform)


def _picked(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    return rows[torch.randint(len(rows), (count,), generator=generator)] if len(rows) else rows


def _mean_descriptors(
    scene: EpisodeScene, obs: Int[np.ndarray, " obs"], chosen: Int[np.ndarray, " code"]
) -> Float32[Tensor, "code channel"]:
    """Unit means of the chosen points' descriptors over some observations."""
    place = np.full(len(scene.points_xyz), -1)
    place[chosen] = np.arange(len(chosen))
    target = place[scene.obs_point_idx[obs]]
    own = obs[target >= 0]
    sums = torch.zeros(len(chosen), scene.obs_descriptors.shape[1])
    sums.index_add_(
        0, torch.from_numpy(target[target >= 0]), scene.obs_descriptors[torch.from_numpy(own)]
    )
    return torch.nn.functional.normalize(sums, dim=-1)
