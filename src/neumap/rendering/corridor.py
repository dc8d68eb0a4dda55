"""A corridor with repeated structure: equal doors and lamps, told apart by plates and notices."""

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import furniture, prints, surfaces
from neumap.rendering.furniture import Materials
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.noise import random_color
from neumap.rendering.place import Place
from neumap.rendering.room import wall_frames
from neumap.rendering.scene import Finish, SceneBuilder, placed

_TEXELS_PER_M = 170


def build_corridor(rng: np.random.Generator) -> Place:
    """Build a corridor of 10 to 14 m along x; the floor is z = 0, its centre the origin."""
    builder = SceneBuilder(rng)
    size = (float(rng.uniform(10, 14)), float(rng.uniform(2.2, 3.0)), float(rng.uniform(2.5, 2.9)))
    materials = Materials.draw(builder)
    _add_shell(builder, size)
    door = _door(rng)
    for frame, length in wall_frames(size)[::2]:
        _add_doors(builder, materials, frame, length, door=builder.finish(door))
    for frame, _ in wall_frames(size)[1::2]:
        furniture.add_window(builder, frame @ placed(0.0, 0.0, 0.9), (1.2, 1.3))
        furniture.add_cabinet(builder, materials, frame @ placed(0.0, -0.02), (1.0, 0.35, 0.7))
    lamp = builder.finish(np.full((8, 8, 3), 250, np.uint8))
    spots = np.arange(-size[0] / 2 + 1.5, size[0] / 2, 2.4)
    for x in spots:
        builder.box(placed(float(x), 0.0, size[2] - 0.06), (1.1, 0.25, 0.05), lamp)
    return Place(
        scene=builder.build(),
        kind="corridor",
        day=_day(rng, size),
        night=_night(rng, size),
        walk_m=(0.5 * size[0] - 1.6, 0.5 * size[1] - 0.85),
        eye_height_m=(1.3, 1.75),
        heading_deg=(0.0, 180.0),
        swing_deg=52.0,
        pitch_deg=(-10.0, 6.0),
    )


def _add_shell(builder: SceneBuilder, size: tuple[float, float, float]) -> None:
    rng = builder.rng
    length, width, height = size
    for frame, wall_m in wall_frames(size):
        texels = (int(height * _TEXELS_PER_M), int(wall_m * _TEXELS_PER_M))
        image = surfaces.plaster(rng, *texels, stains=int(8 * wall_m)).copy()
        # A painted dado up to 1.1 m, the same all along.
        dado = surfaces.rough(rng, int(1.1 * _TEXELS_PER_M), texels[1])
        image[-len(dado) :] = dado
        builder.panel(frame, (wall_m, height), builder.finish(image))
    texels = (int(width * _TEXELS_PER_M), int(length * _TEXELS_PER_M))
    tile = int(rng.uniform(0.3, 0.6) * _TEXELS_PER_M)
    floor = surfaces.bricks(rng, *texels, brick=(tile, tile), joint=2, shift=0.0, jitter=0.05)
    panels = surfaces.bricks(rng, *texels, brick=(100, 100), joint=3, shift=0.0, jitter=0.02)
    along, across = np.array([length, 0.0, 0.0]), np.array([0.0, -width, 0.0])
    for z, image in ((0.0, floor), (height, panels)):
        corner = np.array([-length / 2, width / 2, z])
        builder.face(corner, along, across, finish=builder.finish(image))


def _door(rng: np.random.Generator) -> np.ndarray:
    ground = surfaces.planks(rng, 440, 200, plank=(200, 440))
    return prints.cabinet_front(rng, ground, int(rng.integers(1, 4)), 1)


def _add_doors(
    builder: SceneBuilder,
    materials: Materials,
    frame: RigidTransform,
    length: float,
    *,
    door: Finish,
) -> None:
    """Set equal doors at equal distances, with plates of their own; things between them."""
    rng = builder.rng
    wood = materials.wood(rng)
    step = float(rng.uniform(2.2, 3.0))
    for x in np.arange(-length / 2 + 1.0, length / 2 - 0.8, step):
        at = frame @ placed(float(x), -0.03)
        builder.box(at, (1.1, 0.06, 2.15), wood)
        builder.panel(at @ placed(0.0, -0.035), (0.92, 2.05), door)
        plate = builder.finish(prints.poster(rng, 60, 90))
        builder.panel(at @ placed(0.7, 0.02, 1.5), (0.22, 0.15), plate)
        middle = float(x) + step / 2
        if middle < length / 2 - 0.9:
            _add_between(builder, materials, frame @ placed(middle, 0.0), step - 1.5)


def _add_between(
    builder: SceneBuilder, materials: Materials, at: RigidTransform, width: float
) -> None:
    rng = builder.rng
    kind = rng.integers(0, 5)
    if kind == 0:
        _add_notice_board(builder, at @ placed(0.0, 0.0, 1.1), (width, 1.0))
    elif kind == 1:
        low = at @ placed(0.0, -0.02)
        furniture.add_cabinet(builder, materials, low, (width, 0.35, 0.9))
    elif kind == 2:
        red = surfaces.rough(rng, 60, 60, base=random_color(rng, low=0.6, saturation=0.9))
        box = builder.finish(red)
        front = builder.finish(prints.poster(rng, 160, 120))
        builder.box(at @ placed(0.0, -0.1, 0.9), (0.4, 0.2, 0.6), box, front=front)
    else:
        wide = min(width, 0.9)
        furniture.add_picture(
            builder, at @ placed(0.0, 0.0, 1.25), (wide, float(rng.uniform(0.5, 1)))
        )


def _add_notice_board(
    builder: SceneBuilder, at: RigidTransform, size_m: tuple[float, float]
) -> None:
    rng = builder.rng
    cork = builder.finish(surfaces.rough(rng, 200, 260))
    builder.box(at @ placed(0.0, -0.015), (size_m[0], 0.03, size_m[1]), cork)
    for _ in range(int(rng.integers(3, 8))):
        sheet = builder.finish(prints.poster(rng, 110, 80))
        x = float(rng.uniform(-0.5, 0.5)) * (size_m[0] - 0.25)
        z = float(rng.uniform(0.02, size_m[1] - 0.33))
        depth = -0.033 - float(rng.uniform(0, 0.01))
        builder.panel(at @ placed(x, depth, z), (0.21, 0.3), sheet)


def _day(rng: np.random.Generator, size: tuple[float, float, float]) -> Lighting:
    spots = (-0.36, 0.0, 0.36)
    strength = float(rng.uniform(0.7, 1.1))
    lamps = tuple(
        Lamp(position_m=(share * size[0], 0.0, size[2] - 0.25), rgb=(strength, strength, strength))
        for share in spots
    )
    return Lighting(lamps=lamps, ambient_rgb=(0.45, 0.45, 0.46))


def _night(rng: np.random.Generator, size: tuple[float, float, float]) -> Lighting:
    x = float(rng.uniform(-0.3, 0.3)) * size[0]
    lamp = Lamp(position_m=(x, 0.0, size[2] - 0.25), rgb=(1.5, 1.35, 1.1))
    return Lighting(lamps=(lamp,), ambient_rgb=(0.16, 0.16, 0.18))
