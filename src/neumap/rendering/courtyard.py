"""Courtyards: house backs, blank walls with ivy, plants, bins, things that are moved."""

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import surfaces
from neumap.rendering.house import House, HouseMake, add_house
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.place import Place
from neumap.rendering.scene import SceneBuilder, placed
from neumap.rendering.sky import CloudLayer
from neumap.rendering.street_things import (
    StreetFinishes,
    add_bench,
    add_bin,
    add_board,
    add_street_lamp,
)
from neumap.rendering.vegetation import (
    Greenery,
    add_bush,
    add_hedge,
    add_ivy,
    add_planter,
    add_tree,
)

_DETAIL = 1.7  # of textures, for photos of 640 x 480
_DEPTH_M = 6.0


def build_courtyard(rng: np.random.Generator) -> Place:
    """Build a courtyard of 11 to 17 m; the ground is z = 0, its centre the origin."""
    builder = SceneBuilder(rng)
    size = (float(rng.uniform(12, 17)), float(rng.uniform(11, 15)))
    makes = [HouseMake.draw(builder, detail=_DETAIL) for _ in range(2)]
    greenery, finishes = Greenery.draw(builder), StreetFinishes.draw(builder)
    for number, wall in enumerate(_walls(size)):
        if number == 3 and rng.random() < 0.6:
            _add_blank_wall(builder, makes[0], greenery, wall, size[1])
            continue
        _add_backs(builder, makes, wall, size[0] if number % 2 == 0 else size[1])
    length, width = size[0] + 2.0, size[1] + 2.0
    texels = (int(width * 70), int(length * 70))
    stone = (int(rng.integers(9, 18)), int(rng.integers(10, 26)))
    paving = builder.finish(surfaces.bricks(rng, *texels, brick=stone, joint=2, jitter=0.12))
    corner = np.array([-length / 2, width / 2, 0.0])
    edges = np.array([[length, 0.0, 0.0], [0.0, -width, 0.0]])
    builder.face(corner, edges[0], edges[1], finish=paving)
    lamp = furnish_courtyard(builder, greenery, finishes, placed(0.0, 0.0), size_m=size)
    return Place(
        scene=builder.build(),
        kind="courtyard",
        day=_day(rng),
        night=_night(lamp),
        walk_m=(0.5 * size[0] - 3.4, 0.5 * size[1] - 3.3),
        eye_height_m=(1.4, 1.8),
        swing_deg=45.0,
        pitch_deg=(-4.0, 18.0),
    )


def _walls(size: tuple[float, float]) -> list[RigidTransform]:
    """Frames at the foot of the four walls, x right as seen from inside, -y into the court."""
    x, y = size[0] / 2, size[1] / 2
    return [
        placed(0.0, y),
        placed(x, 0.0, yaw_deg=-90.0),
        placed(0.0, -y, yaw_deg=180.0),
        placed(-x, 0.0, yaw_deg=90.0),
    ]


def _add_backs(
    builder: SceneBuilder, makes: list[HouseMake], wall: RigidTransform, length: float
) -> None:
    """Stand two houses side by side with their backs to the court."""
    rng = builder.rng
    first = length * float(rng.uniform(0.4, 0.6))
    for x, width in ((-length / 2 + first / 2, first), (first / 2, length - first)):
        back = wall @ placed(x, float(rng.uniform(0.0, 0.5)))
        house = House(
            make=makes[int(rng.integers(len(makes)))],
            front=back @ placed(0.0, _DEPTH_M, yaw_deg=180.0),
            width_m=width + 0.6,
            depth_m=_DEPTH_M,
            num_storeys=int(rng.integers(2, 4)),
        )
        add_house(builder, house, has_front=False)


def _add_blank_wall(
    builder: SceneBuilder,
    make: HouseMake,
    greenery: Greenery,
    wall: RigidTransform,
    length: float,
) -> None:
    """Close the court with a wall without windows, part of it under ivy."""
    height = float(builder.rng.uniform(3.0, 7.0))
    builder.box(wall @ placed(0.0, 0.3), (length + 1.0, 0.6, height), make.side)
    builder.box(wall @ placed(0.0, 0.3, height), (length + 1.2, 0.8, 0.15), make.trim)
    at = wall @ placed(float(builder.rng.uniform(-0.3, 0.3)) * length, 0.0)
    add_ivy(builder, greenery, at, (0.4 * length, 0.8 * height))


def furnish_courtyard(
    builder: SceneBuilder,
    greenery: Greenery,
    finishes: StreetFinishes,
    center: RigidTransform,
    *,
    size_m: tuple[float, float],
    gate_m: float = 0.0,
) -> Lamp:
    """Put plants and things along the walls of a court and a tree in its middle; give its lamp.

    The middle of each wall stays free where there may be a gate.
    """
    rng = builder.rng
    for frame, length in zip(_walls(size_m), (size_m[0], size_m[1]) * 2, strict=True):
        wall = center @ frame
        for x in np.arange(-length / 2 + 1.2, length / 2 - 1.0, 1.9):
            if abs(x) < 0.5 * gate_m + 0.8 * (gate_m > 0):
                continue
            at = wall @ placed(float(x), -0.8, yaw_deg=float(rng.uniform(-15, 15)))
            kind = int(rng.integers(0, 7))
            if kind == 0:
                add_bin(builder, finishes, at)
            elif kind == 1:
                add_bench(builder, finishes, at)
            elif kind == 2:
                add_planter(builder, greenery, at, finishes.tub)
            elif kind == 3:
                add_bush(builder, greenery, at, float(rng.uniform(0.5, 0.9)))
            elif kind == 4:
                add_board(builder, finishes, at)
            elif kind == 5:
                add_hedge(builder, greenery, at, (1.7, 0.6, float(rng.uniform(0.8, 1.3))))
    add_tree(builder, greenery, center, float(rng.uniform(4.5, 6.5)))
    return add_street_lamp(
        builder, finishes, center @ _walls(size_m)[0] @ placed(0.22 * size_m[0], -0.5)
    )


def _day(rng: np.random.Generator) -> Lighting:
    towards = np.array([*rng.uniform(-0.6, 0.6, 2), rng.uniform(0.6, 1.0)])
    x, y, z = (float(v) for v in towards / np.linalg.norm(towards))
    sun = Lamp(position_m=(x, y, z), rgb=(0.75, 0.72, 0.65), is_sun=True)
    return Lighting(lamps=(sun,), ambient_rgb=(0.5, 0.53, 0.58), clouds=CloudLayer.draw(rng))


def _night(lamp: Lamp) -> Lighting:
    return Lighting(
        lamps=(lamp,), ambient_rgb=(0.1, 0.1, 0.13), sky_rgb=(0.012, 0.016, 0.03), glow=0.7
    )
