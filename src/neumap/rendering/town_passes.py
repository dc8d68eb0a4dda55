"""Walks through a town with a camera: by day for the map, by day and by night for queries."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from neumap.geometry import Camera, RigidTransform
from neumap.rendering.light import Lighting, PhotoStyle, day_style, night_style
from neumap.rendering.renderer import RenderedView, render
from neumap.rendering.town import Town
from neumap.rendering.trajectory import view_along

PassName = Literal["map", "day", "night"]
PASSES: tuple[PassName, ...] = ("map", "day", "night")

_ROUTE_STEP_M = 0.5
_STRIDE_M = 1.5  # between mapping photos
_SWING_DEG = 58.0  # how far the mapping camera looks to either side
_SWING_LENGTH_M = 30.0  # of walk, from one look to the left to the next
_LAMP_RANGE_M = 60.0
_MOST_LAMPS = 8


@dataclass(frozen=True, kw_only=True)
class TownShot:
    """One photo to be taken."""

    name: str
    pass_name: PassName
    camera: Camera
    cam_from_world: RigidTransform
    seed: tuple[int, int, int]
    """Of its style and noise: the town's seed, the pass, the photo."""


@dataclass(frozen=True)
class TownPass:
    """A town as it is during one pass."""

    town: Town
    lighting: Lighting
    name: PassName

    @classmethod
    def of(cls, town: Town, name: PassName, *, seed: int) -> "TownPass":
        """Set light and clouds; for queries also where vehicles and loose things stand."""
        rng = np.random.default_rng([seed, 10 + PASSES.index(name)])
        if name == "map":
            return cls(town, town.day(rng), name)
        lighting = town.night() if name == "night" else town.day(rng)
        return cls(town.at_another_time(rng), lighting, name)

    def take(self, shot: TownShot) -> RenderedView:
        """Render one photo, the same for the same shot whatever was taken before."""
        rng = np.random.default_rng(shot.seed)
        eye = shot.cam_from_world.center_in_source
        lighting = self.lighting.near(eye, within_m=_LAMP_RANGE_M, most=_MOST_LAMPS)
        style = _style(self.name, rng)
        pose = shot.cam_from_world
        return render(self.town.scene, shot.camera, pose, lighting, style=style, rng=rng)


def plan_shots(
    town: Town, num_photos: dict[PassName, int], *, size: tuple[int, int], seed: int
) -> list[TownShot]:
    """Poses of all passes; the queries lie along the part of the walk that is mapped.

    Mapping photos are 1.5 m apart, so few photos map the beginning of the walk; where there are
    more than the walk is long, it starts again.
    """
    route = _smooth(town.plan.route(step_m=_ROUTE_STEP_M))
    reach_m = min(num_photos["map"] * _STRIDE_M, len(route) * _ROUTE_STEP_M)
    shots: list[TownShot] = []
    for number, name in enumerate(PASSES):
        rng = np.random.default_rng([seed, number])
        count = num_photos[name]
        if name == "map":
            at_m = np.arange(count) * _STRIDE_M
        else:
            at_m = (np.arange(count) + rng.uniform(0, 1, count)) / max(count, 1) * reach_m
        camera = _camera(size, hfov_deg=66.0 if name == "map" else 60.0)
        poses = _poses(route, at_m, rng, is_query=name != "map")
        shots += [
            TownShot(
                name=f"{name}-{index:05d}",
                pass_name=name,
                camera=camera,
                cam_from_world=pose,
                seed=(seed, number, index),
            )
            for index, pose in enumerate(poses)
        ]
    return shots


def _poses(
    route: Float[np.ndarray, "point 2"],
    at_m: Float[np.ndarray, " photo"],
    rng: np.random.Generator,
    *,
    is_query: bool,
) -> list[RigidTransform]:
    """Look ahead and to both sides in turn; queries stand aside and look elsewhere."""
    index = (at_m / _ROUTE_STEP_M).astype(np.int64) % len(route)
    ahead = route[np.minimum(index + 2, len(route) - 1)] - route[np.maximum(index - 2, 0)]
    travel_deg = np.degrees(np.arctan2(ahead[:, 1], ahead[:, 0]))
    phase = 2 * np.pi * at_m / _SWING_LENGTH_M
    side_deg = _SWING_DEG * np.sin(phase) + rng.normal(0, 15.0 if is_query else 4.0, len(at_m))
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    aside_m = rng.uniform(-1.2, 1.2, len(at_m)) if is_query else 0.8 * np.sin(0.37 * phase)
    eyes = route[index] + across * aside_m[:, None]
    height_m = rng.uniform(1.45, 1.9, len(at_m)) if is_query else 1.7 + 0.05 * np.cos(phase)
    pitch_deg, roll_deg = rng.uniform(1.0, 12.0, len(at_m)), rng.normal(0, 2.0, len(at_m))
    return [
        view_along(
            np.array([*eyes[i], height_m[i]]),
            heading_deg=float(travel_deg[i] + side_deg[i]),
            pitch_deg=float(pitch_deg[i]),
            roll_deg=float(roll_deg[i]),
        )
        for i in range(len(at_m))
    ]


def _smooth(route: Float[np.ndarray, "point 2"]) -> Float[np.ndarray, "point 2"]:
    """Round the corners of a walk as a person does."""
    return ndimage.gaussian_filter1d(route, 1.5 / _ROUTE_STEP_M, axis=0, mode="nearest")


def _camera(size: tuple[int, int], *, hfov_deg: float) -> Camera:
    width, height = size
    focal = 0.5 * width / float(np.tan(np.deg2rad(0.5 * hfov_deg)))
    # Off-centre by a little, as real cameras are: code that assumes the centre shows.
    return Camera.pinhole(width, height, fx=focal, fy=focal, cx=0.507 * width, cy=0.494 * height)


def _style(name: PassName, rng: np.random.Generator) -> PhotoStyle:
    if name == "night":
        return night_style(rng)
    if name == "map":
        return day_style(rng)
    cast = 1 + rng.uniform(-0.08, 0.08, 3)
    return PhotoStyle(
        exposure_ev=float(rng.uniform(-0.6, 0.5)),
        gamma=float(rng.uniform(2.0, 2.4)),
        color_cast=(float(cast[0]), float(cast[1]), float(cast[2])),
        noise_sigma=float(rng.uniform(1.0, 3.5)),
        blur_px=float(rng.uniform(0.35, 0.9)),
        motion_px=int(rng.integers(0, 3)),
        vignette=float(rng.uniform(0.05, 0.3)),
    )
