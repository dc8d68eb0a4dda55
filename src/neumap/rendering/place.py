"""The record of one made place: its scene, where a person can walk in it, its light."""

from dataclasses import dataclass, replace
from typing import Literal

from neumap.rendering.light import Lighting
from neumap.rendering.scene import RenderScene

PlaceKind = Literal["room", "corridor", "facade", "courtyard", "planes"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scene with what a photographer needs to know; metres, z up."""

    scene: RenderScene
    kind: PlaceKind
    day: Lighting
    night: Lighting
    walk_m: tuple[float, float]
    """Half extents in x and y of the ground around `walk_center_m` that is free to walk."""
    eye_height_m: tuple[float, float]
    """Lowest and highest camera position above the ground."""
    walk_center_m: tuple[float, float] = (0.0, 0.0)
    heading_deg: tuple[float, float] | None = None
    """Mean view direction (0 is +x, 90 is +y) on the way along +x and on the way back.

    None: the path goes round and looks across.
    """
    swing_deg: float = 38.0
    """How far views turn to either side of the mean direction."""
    pitch_deg: tuple[float, float] = (-16.0, 4.0)
    """Lowest and highest view direction against the horizon."""

    def with_scene(self, scene: RenderScene) -> "Place":
        """Return the same place with things in it moved."""
        return replace(self, scene=scene)
