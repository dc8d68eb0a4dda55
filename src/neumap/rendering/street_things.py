"""Things that stand in streets, squares and courtyards; small ones are movable."""

from dataclasses import dataclass

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import prints, surfaces
from neumap.rendering.furniture import add_loose_thing
from neumap.rendering.light import Lamp
from neumap.rendering.noise import random_color
from neumap.rendering.scene import Finish, SceneBuilder, placed

_LAMP_RGB = (15.0, 11.5, 7.0)
_LAMP_HEIGHT_M = 4.8


@dataclass(frozen=True)
class StreetFinishes:
    """What all things of one scene are made of."""

    metal: Finish
    wood: Finish
    stone: Finish
    light: Finish
    tub: Finish
    signs: tuple[Finish, ...]

    @classmethod
    def draw(cls, builder: SceneBuilder) -> "StreetFinishes":
        """Make the finishes of one scene."""
        rng = builder.rng
        dark = random_color(rng, low=0.15, high=0.3, saturation=0.2)
        return cls(
            metal=builder.finish(surfaces.rough(rng, 60, 60, base=dark)),
            wood=builder.finish(surfaces.planks(rng, 60, 200, plank=(12, 200))),
            stone=builder.finish(surfaces.rough(rng, 300, 300), texels_per_m=80.0),
            light=builder.finish(np.full((8, 8, 3), 250, np.uint8), glow=4.0),
            tub=builder.finish(surfaces.bricks(rng, 60, 90, brick=(12, 12), joint=1)),
            signs=tuple(builder.finish(_traffic_sign(rng)) for _ in range(5)),
        )


def _traffic_sign(rng: np.random.Generator) -> np.ndarray:
    image = np.full((60, 60, 3), 235, np.uint8)
    edge = (random_color(rng, low=0.5, high=0.9, saturation=0.95) * 255).astype(np.uint8)
    image[:7] = image[-7:] = edge
    image[:, :7] = image[:, -7:] = edge
    inner = prints.poster(rng, 40, 40)
    image[10:50, 10:50] = inner
    return image


def add_street_lamp(
    builder: SceneBuilder, finishes: StreetFinishes, on_ground: RigidTransform
) -> Lamp:
    """Stand a lamp post whose head reaches towards -y; return its light."""
    builder.box(on_ground, (0.14, 0.14, _LAMP_HEIGHT_M), finishes.metal)
    builder.box(on_ground @ placed(0.0, -0.5, _LAMP_HEIGHT_M), (0.08, 1.1, 0.08), finishes.metal)
    head = on_ground @ placed(0.0, -1.0, _LAMP_HEIGHT_M - 0.1)
    builder.box(head, (0.3, 0.5, 0.1), finishes.light)
    x, y, z = (float(v) for v in head.apply(np.array([[0.0, 0.0, -0.15]]))[0])
    return Lamp(position_m=(x, y, z), rgb=_LAMP_RGB, reach_m=26.0)


def add_bench(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Stand a bench; back towards +y."""
    builder.box(at @ placed(0.0, 0.0, 0.42), (1.6, 0.45, 0.07), finishes.wood)
    builder.box(at @ placed(0.0, 0.22, 0.49), (1.6, 0.05, 0.45), finishes.wood)
    for x in (-0.7, 0.7):
        builder.box(at @ placed(x, 0.0), (0.08, 0.4, 0.42), finishes.metal)


def add_bin(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Put down a movable bin with a print of its own."""
    number = builder.new_object()
    front = builder.finish(prints.poster(builder.rng, 50, 36))
    builder.box(at, (0.55, 0.6, 1.05), finishes.metal, front=front, object_number=number)


def add_board(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Stand a movable board with a poster on either side."""
    number = builder.new_object()
    sheet = builder.finish(prints.poster(builder.rng, 80, 52))
    builder.box(at, (0.8, 0.08, 1.2), finishes.wood, object_number=number)
    for yaw in (0.0, 180.0):
        side = at @ placed(0.0, 0.0, 0.05, yaw_deg=yaw) @ placed(0.0, -0.05)
        builder.panel(side, (0.72, 1.1), sheet, object_number=number)


def add_sign(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Stand a traffic sign seen from -y."""
    rng = builder.rng
    builder.box(at, (0.07, 0.07, 2.9), finishes.metal)
    sign = finishes.signs[int(rng.integers(len(finishes.signs)))]
    builder.panel(at @ placed(0.0, -0.06, 2.1), (0.65, 0.65), sign)


def add_advertising_column(
    builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform
) -> None:
    """Stand a column with posters all round."""
    num, radius = 10, 0.65
    side_m = 2 * radius * float(np.tan(np.pi / num))
    sheets = [builder.finish(prints.poster(builder.rng, 130, 50)) for _ in range(num // 2)]
    for side in range(num):
        face = at @ placed(0.0, 0.0, 0.4, yaw_deg=360.0 / num * side) @ placed(0.0, -radius)
        builder.panel(face, (side_m, 2.3), sheets[side // 2])
    builder.box(at, (1.0, 1.0, 0.42), finishes.stone)
    builder.box(at @ placed(0.0, 0.0, 2.7), (1.5, 1.5, 0.2), finishes.metal)


def add_kiosk(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Stand a kiosk: prints on all sides, a lit window, a roof that juts out."""
    for number, yaw in enumerate((0.0, 90.0, 180.0, 270.0)):
        wall = at @ placed(0.0, 0.0, yaw_deg=yaw) @ placed(0.0, -1.26)
        sheet = builder.finish(prints.poster(builder.rng, 130, 130), glow=0.6 * (number == 0))
        builder.panel(wall @ placed(0.0, 0.0, 0.3), (2.3, 2.0), sheet)
    builder.box(at, (2.5, 2.5, 2.6), finishes.wood)
    builder.box(at @ placed(0.0, 0.0, 2.6), (3.4, 3.4, 0.25), finishes.metal)


def add_stall(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Stand a market stall: a table of loose goods under striped cloth."""
    rng = builder.rng
    builder.box(at @ placed(0.0, 0.0, 0.75), (2.4, 1.1, 0.08), finishes.wood)
    for x in (-1.15, 1.15):
        for y in (-0.5, 0.5):
            builder.box(at @ placed(x, y), (0.06, 0.06, 2.3), finishes.metal)
    cloth = builder.finish(surfaces.fabric(rng, 80, 130))
    front = builder.finish(prints.poster(rng, 36, 120))
    builder.panel(at @ placed(0.0, -0.56, 0.1), (2.3, 0.65), front)
    for side in (-1, 1):
        corner = at.apply(np.array([[-1.3, 0.0, 2.75]]))[0]
        across = at.rotation @ np.array([2.6, 0.0, 0.0])
        builder.face(corner, across, at.rotation @ np.array([0.0, side * 0.8, -0.45]), finish=cloth)
    for x in np.arange(-1.0, 1.0, 0.34):
        add_loose_thing(builder, at @ placed(float(x), float(rng.uniform(-0.3, 0.3)), 0.83))


def add_monument(builder: SceneBuilder, finishes: StreetFinishes, at: RigidTransform) -> None:
    """Build a stepped plinth with a figure of stacked stones and inscriptions."""
    rng = builder.rng
    for step in range(3):
        side = 4.2 - 1.1 * step
        builder.box(at @ placed(0.0, 0.0, 0.3 * step), (side, side, 0.3), finishes.stone)
    builder.box(at @ placed(0.0, 0.0, 0.9), (1.3, 1.3, 1.5), finishes.stone)
    for yaw in (0.0, 90.0, 180.0, 270.0):
        text = builder.finish(prints.poster(rng, 60, 60))
        face = at @ placed(0.0, 0.0, 1.2, yaw_deg=yaw) @ placed(0.0, -0.66)
        builder.panel(face, (0.9, 0.9), text)
    z = 2.4
    for _ in range(7):
        size = (float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.3, 0.7)), 0.4)
        spot = at @ placed(float(rng.uniform(-0.1, 0.1)), 0.0, z, yaw_deg=float(rng.uniform(0, 90)))
        builder.box(spot, size, finishes.metal)
        z += 0.4
