"""Points of tracks: position over all views, what does not fit dropped, mean descriptor."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neumap.errors import OptionError
from neumap.scene.scene import MappingView, ScenePoints
from neumap.scene.tracks import Tracks
from neumap.scene.triangulation import (
    Observations,
    largest_angle_deg,
    linear_points,
    refine_points,
    reprojection,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PointFitConfig:
    """Which observations and points are kept."""

    reprojection_px: float = 4.0
    """Largest reprojection error of an observation without depth, at a focal length of 500."""
    depth_reprojection_px: float = 8.0
    """The same with depth, whose camera may not be exactly registered to the colour camera."""
    min_views: int = 2
    """Fewest views of a point."""
    min_angle_deg: float = 1.5
    """Smallest angle between the rays of a point without depth."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.min_views < 1 or min(self.reprojection_px, self.depth_reprojection_px) <= 0:
            raise OptionError("PointFitConfig", f"{self} is out of range", "See its fields.")


def depth_sigma(depth: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Standard deviation in metres of a depth camera of the room kind (decision 003)."""
    return 0.003 + 0.003 * np.nan_to_num(depth)


def fit_points(
    views: tuple[MappingView, ...],
    depths: list[np.ndarray],
    tracks: Tracks,
    config: PointFitConfig,
) -> ScenePoints:
    """Triangulate tracks; `depths` holds z at each key-point of each view, NaN where unknown."""
    obs = _observations(views, depths, tracks)
    xyz = refine_points(obs, linear_points(obs, tracks.num_tracks))
    view_idx, pixel_idx = tracks.obs_view_idx, tracks.obs_pixel_idx
    for _ in range(2):  # drop the misfits, refine, and look again
        residual, _ = reprojection(obs, xyz)
        has_depth = np.bincount(obs.point_idx, np.isfinite(obs.depth), minlength=len(xyz)) > 0
        limit = np.where(
            has_depth[obs.point_idx], config.depth_reprojection_px, config.reprojection_px
        ) * np.maximum(obs.focal_px / 500, 0.5)
        keep = np.linalg.norm(residual, axis=1) < limit
        obs, view_idx, pixel_idx = obs.select(keep), view_idx[keep], pixel_idx[keep]
        xyz = refine_points(obs, xyz)
    count = np.bincount(obs.point_idx, minlength=len(xyz))
    has_depth = np.bincount(obs.point_idx, np.isfinite(obs.depth), minlength=len(xyz)) > 0
    good = (count >= config.min_views) & np.isfinite(xyz).all(axis=1)
    good &= has_depth | (largest_angle_deg(obs, xyz) >= config.min_angle_deg)
    chosen = good[obs.point_idx]
    kept = Tracks((np.cumsum(good) - 1)[obs.point_idx[chosen]], view_idx[chosen], pixel_idx[chosen])
    return ScenePoints(
        xyz[good],
        mean_descriptors(views, kept, int(good.sum())),
        kept.obs_track_idx,
        kept.obs_view_idx,
        kept.obs_pixel_idx,
    )


def mean_descriptors(
    views: tuple[MappingView, ...], tracks: Tracks, num_points: int
) -> Float[np.ndarray, "point channel"]:
    """Mean of each track's descriptors, unit length."""
    dim = views[0].features.descriptors.shape[1]
    sums = np.zeros((num_points, dim), dtype=np.float32)
    for index, view in enumerate(views):
        own = tracks.obs_view_idx == index
        pixel_idx = tracks.obs_pixel_idx[own]
        np.add.at(sums, tracks.obs_track_idx[own], view.features.descriptors[pixel_idx])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


def _observations(
    views: tuple[MappingView, ...], depths: list[np.ndarray], tracks: Tracks
) -> Observations:
    """Gather the rays of all tracks."""
    view_idx: Int[np.ndarray, " obs"] = tracks.obs_view_idx
    first = np.concatenate([[0], np.cumsum([len(v.xy_cam) for v in views])])
    flat = first[view_idx] + tracks.obs_pixel_idx
    depth = np.concatenate(depths)[flat]
    return Observations(
        point_idx=tracks.obs_track_idx,
        rotation=np.stack([v.cam_from_world.rotation for v in views])[view_idx],
        translation=np.stack([v.cam_from_world.translation for v in views])[view_idx],
        xy_cam=np.concatenate([v.xy_cam for v in views])[flat],
        focal_px=np.array([v.camera.focal_px for v in views])[view_idx],
        depth=depth,
        depth_sigma=depth_sigma(depth),
    )
