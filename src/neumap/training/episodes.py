"""Episodes for pre-training: a small map of some views of a scene, and a query from another view.

Points and their descriptors come from the mapping views alone; the query's own pose and depth say
which key-point shows which code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor

from neumap.codes.selection import select_by_coverage
from neumap.scene import MappingView, Scene, ScenePoints
from neumap.scene.point_fit import mean_descriptors
from neumap.scene.tracks import Tracks
from neumap.training.scene_cache import TrainingScene


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeConfig:
    """What the episodes of a run are like."""

    maps_per_scene: int = 8
    """Subsets of views that a scene is mapped from."""
    min_mapping_views: int = 4
    """Fewest mapping views; the most is all but three."""
    stretch_share: float = 0.5
    """Share of maps from one stretch of the walk, so that their queries come from other places;
    the others take views at random."""
    codes: tuple[int, int] = (60, 3000)
    """Fewest and most codes, drawn evenly on a log scale."""
    key_points: tuple[int, int] = (600, 2000)
    """Fewest and most key-points of the query; its best by score are kept."""
    wrong_scene_share: float = 0.08
    """Share of queries from another scene, which show no code."""
    merged_share: float = 0.25
    """Share of maps that also hold the codes of another scene."""
    selection_noise: float = 0.4
    """Spread of the log of random weights in the selection of points."""
    descriptor_noise: float = 0.03
    """Largest standard deviation of noise on the query's descriptors, for each channel."""
    anchor_noise: float = 0.004
    """Largest standard deviation of noise on anchors over their spread."""


@dataclass(frozen=True, eq=False)
class EpisodeMap:
    """Points of a scene seen from its mapping views, in the order in which they are chosen."""

    scene_idx: int
    xyz_in_world: Float[np.ndarray, "point 3"]
    descriptors: Float32[np.ndarray, "point channel"]
    query_views: tuple[int, ...]
    """Views of the training scene that took no part."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Where the codes appear in the query, and what its key-points see."""

    xy_px: Float32[Tensor, "pixel 2"]
    """Undistorted key-points in pixels at a focal length of 500."""
    depth: Float32[Tensor, " pixel"]
    """z of what the key-point shows, NaN where unknown."""
    code_xy_px: Float32[Tensor, "code 2"]
    """Projected anchors, NaN behind the camera and for codes of another scene."""
    code_z: Float32[Tensor, " code"]

    def to(self, device: torch.device) -> "Truth":
        """Return it on another device."""
        parts = (self.xy_px, self.depth, self.code_xy_px, self.code_z)
        return Truth(*(part.to(device) for part in parts))

    def judge(
        self, pixel_idx: Int[Tensor, "*pair"], code_idx: Int[Tensor, "*pair"], *, within_px: float
    ) -> Bool[Tensor, "*pair"]:
        """Tell which pixels show their code: projected nearby, and not behind another surface."""
        distance = (self.xy_px[pixel_idx] - self.code_xy_px[code_idx]).norm(dim=-1)
        z, depth = self.code_z[code_idx], self.depth[pixel_idx]
        is_hidden = (z - depth).abs() > 0.05 * (z + z.abs())  # false where depth is NaN
        return (distance < within_px) & ~is_hidden


@dataclass(frozen=True, eq=False)
class Episode:
    """One map and one query; drawn on the CPU."""

    code_descriptors: Float32[Tensor, "code channel"]
    anchors: Float[Tensor, "code 3"]
    descriptors: Float32[Tensor, "pixel channel"]
    xy_img: Float32[Tensor, "pixel 2"]
    truth: Truth

    def to(self, device: torch.device) -> "Episode":
        """Return it on another device."""
        return Episode(
            self.code_descriptors.to(device),
            self.anchors.to(device),
            self.descriptors.to(device),
            self.xy_img.to(device),
            self.truth.to(device),
        )


def make_map(
    training_scene: TrainingScene,
    mapping: Int[np.ndarray, " view"],
    *,
    scene_idx: int,
    max_codes: int,
    log_weight: Float[np.ndarray, " point"],
) -> EpisodeMap:
    """Choose up to `max_codes` points that at least two of the mapping views see."""
    scene = training_scene.scene
    reduced, kept = restricted(scene, mapping)
    weight = np.exp(log_weight[kept])
    chosen = select_by_coverage(reduced, max_codes, weight=weight)
    others = sorted(set(range(len(training_scene.views))) - set(mapping.tolist()))
    return EpisodeMap(
        scene_idx,
        reduced.points.xyz_in_world[chosen],
        reduced.points.descriptors[chosen],
        tuple(others),
    )


def restricted(
    scene: Scene, mapping: Int[np.ndarray, " view"]
) -> tuple[Scene, Int[np.ndarray, " kept"]]:
    """Keep some views, and the points that two of them see; also returns these points' indices.

    Positions stay, descriptors become the mean over the kept views.
    """
    points = scene.points
    new_view = np.full(len(scene.views), -1)
    new_view[mapping] = np.arange(len(mapping))
    own = new_view[points.obs_view_idx] >= 0
    count = np.bincount(points.obs_point_idx[own], minlength=len(points))
    own &= count[points.obs_point_idx] >= 2
    kept, new_point = np.unique(points.obs_point_idx[own], return_inverse=True)
    view_idx, pixel_idx = new_view[points.obs_view_idx[own]], points.obs_pixel_idx[own]
    tracks = Tracks(new_point.reshape(-1), view_idx, pixel_idx)
    views = tuple(scene.views[int(index)] for index in mapping)
    reduced = ScenePoints(
        points.xyz_in_world[kept],
        mean_descriptors(views, tracks, len(kept)),
        tracks.obs_track_idx,
        tracks.obs_view_idx,
        tracks.obs_pixel_idx,
    )
    return replace(scene, views=views, points=reduced), kept


def truth_of(
    view: MappingView, depth: Float[np.ndarray, " pixel"], xyz_in_world: Float[np.ndarray, "code 3"]
) -> Truth:
    """Project the anchors with the view's true pose."""
    in_cam = view.cam_from_world.apply(xyz_in_world)
    z = np.where(in_cam[:, 2] > 1e-9, in_cam[:, 2], np.nan)
    # Small photos have coarse pixels: the unit is at least 0.75 of theirs.
    focal_px = view.camera.focal_px
    scale = 500.0 if focal_px >= 375 else focal_px / 0.75
    return Truth(
        torch.from_numpy((view.xy_cam * scale).astype(np.float32)),
        torch.from_numpy(depth.astype(np.float32)),
        torch.from_numpy((in_cam[:, :2] / z[:, None] * scale).astype(np.float32)),
        torch.from_numpy(z.astype(np.float32)),
    )


class EpisodeSource:
    """Draws episodes from training scenes; maps are made once."""

    def __init__(
        self, scenes: Sequence[TrainingScene], config: EpisodeConfig, *, seed: int
    ) -> None:
        self.scenes = scenes
        self.config = config
        self.maps: list[EpisodeMap] = []  # all maps that episodes are drawn from
        for scene_idx, training_scene in enumerate(scenes):
            rng = np.random.default_rng([seed, scene_idx])
            for _ in range(config.maps_per_scene):
                made = self._random_map(training_scene, scene_idx, rng)
                if made is not None:
                    self.maps.append(made)

    def __len__(self) -> int:
        """Return the number of maps."""
        return len(self.maps)

    def _random_map(
        self, training_scene: TrainingScene, scene_idx: int, rng: np.random.Generator
    ) -> EpisodeMap | None:
        num_views = len(training_scene.scene.views)
        most = max(num_views - 3, 2)
        count = int(rng.integers(min(self.config.min_mapping_views, most), most + 1))
        if rng.random() < self.config.stretch_share:
            mapping = np.sort((int(rng.integers(num_views)) + np.arange(count)) % num_views)
        else:
            mapping = np.sort(rng.permutation(num_views)[:count])
        log_weight = rng.normal(0, self.config.selection_noise, len(training_scene.scene.points))
        made = make_map(
            training_scene,
            mapping,
            scene_idx=scene_idx,
            max_codes=self.config.codes[1],
            log_weight=log_weight,
        )
        return made if len(made.xyz_in_world) >= self.config.codes[0] else None

    def draw(self, rng: np.random.Generator) -> Episode:
        """Draw a map, a number of codes, a query, and the noise on all of them."""
        config = self.config
        own = self.maps[int(rng.integers(len(self.maps)))]
        low, high = np.log(config.codes)
        count = min(int(np.exp(rng.uniform(low, high))), len(own.xyz_in_world))
        xyz, descriptors = own.xyz_in_world[:count], own.descriptors[:count]
        scene = self.scenes[own.scene_idx]
        view_idx = int(rng.choice(own.query_views))
        view, depth = scene.views[view_idx], scene.depths[view_idx]
        truth_xyz = xyz
        kind = rng.random()
        other = self.maps[int(rng.integers(len(self.maps)))]
        if other.scene_idx != own.scene_idx and kind < config.wrong_scene_share:
            scene = self.scenes[other.scene_idx]
            view_idx = int(rng.choice(other.query_views))
            view, depth = scene.views[view_idx], scene.depths[view_idx]
            truth_xyz = np.full_like(xyz, np.nan)
        elif other.scene_idx != own.scene_idx and kind < (
            config.wrong_scene_share + config.merged_share
        ):
            extra = int(rng.integers(50, max(51, min(count, len(other.xyz_in_world)))))
            beside = np.array([np.ptp(xyz[:, 0]) + np.ptp(other.xyz_in_world[:, 0]), 0.0, 0.0])
            shifted = other.xyz_in_world[:extra] + beside * rng.uniform(0.6, 1.5)
            truth_xyz = np.concatenate([xyz, np.full((extra, 3), np.nan)])
            xyz = np.concatenate([xyz, shifted])
            descriptors = np.concatenate([descriptors, other.descriptors[:extra]])
        return self._noisy(rng, (xyz, descriptors), truth_of(view, depth, truth_xyz), view)

    def _noisy(
        self,
        rng: np.random.Generator,
        codes: tuple[np.ndarray, np.ndarray],
        truth: Truth,
        view: MappingView,
    ) -> Episode:
        config = self.config
        xyz, code_descriptors = codes
        spread = np.sqrt(((xyz - xyz.mean(axis=0)) ** 2).sum(axis=1).mean())
        sigma = rng.uniform(0, config.anchor_noise) * spread
        count = int(rng.integers(*config.key_points, endpoint=True))
        query = view.features.descriptors[:count]
        sigma_query = rng.uniform(0, config.descriptor_noise)
        query = query + rng.normal(0, sigma_query, query.shape).astype(np.float32)
        query = query / np.linalg.norm(query, axis=1, keepdims=True)
        return Episode(
            torch.from_numpy(code_descriptors),
            torch.from_numpy(xyz + rng.normal(0, sigma, xyz.shape)),
            torch.from_numpy(query),
            torch.from_numpy(view.features.xy_img[:count].astype(np.float32)),
            replace(truth, xy_px=truth.xy_px[:count], depth=truth.depth[:count]),
        )
