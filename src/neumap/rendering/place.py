"""The record of one made place: its scene, where a person can walk in it, its light."""

from dataclasses import dataclass, replace
from typing import Literal

from neumap.rendering.light import Lighting
from neumap.rendering.scene import RenderScene

PlaceKind = Literal["room", "corridor", "facade", "planes"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scene with what a photographer needs to know; metres, z up."""

    scene: RenderScene
    kind: PlaceKind
    walk_m: tuple[float, float]
    """Half extents in x and y of the ground around the origin that is free to walk."""
    look_m: tuple[float, float]
    """Half extents around `look_center_m` of where views are aimed (x and y)."""
    eye_height_m: tuple[float, float]
    """Lowest and highest camera position above the ground."""
    day: Lighting
    night: Lighting
    walk_center_m: tuple[float, float] = (0.0, 0.0)
    look_center_m: tuple[float, float] = (0.0, 0.0)
    look_height_m: tuple[float, float] = (0.9, 1.5)

    def with_scene(self, scene: RenderScene) -> "Place":
        """Return the same place with things in it moved."""
        return replace(self, scene=scene)
