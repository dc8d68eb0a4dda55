"""A street front: neighbouring houses with windows in rows, doors, signs, things before them."""

from dataclasses import dataclass

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import prints, surfaces
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.noise import random_color
from neumap.rendering.place import Place
from neumap.rendering.scene import Finish, SceneBuilder, placed
from neumap.rendering.sky import CloudLayer
from neumap.rendering.vegetation import Greenery, add_planter, add_tree

_TEXELS_PER_M = 95.0


@dataclass(frozen=True)
class _House:
    front: RigidTransform
    """Foot of the wall's middle; the street lies at -y."""
    width_m: float
    height_m: float
    trim: Finish


def build_facade(rng: np.random.Generator) -> Place:
    """Build two or three houses along x near y = 0; the street is z = 0 at y < 0."""
    builder = SceneBuilder(rng)
    trim = builder.finish(surfaces.rough(rng, 400, 400), texels_per_m=_TEXELS_PER_M)
    widths = rng.uniform(5.5, 9.0, int(rng.integers(3, 5)))
    left = -0.5 * float(widths.sum())
    for width in widths:
        setback = float(rng.uniform(0.0, 0.7))
        front = placed(left + float(width) / 2, setback)
        house = _House(front, float(width), float(rng.uniform(6.5, 10.5)), trim)
        _add_house(builder, house)
        left += float(width)
    half = 0.5 * float(widths.sum())
    _add_street(builder, half)
    greenery = Greenery.draw(builder)
    for _ in range(int(rng.integers(4, 8))):
        _add_street_thing(builder, trim, greenery, half)
    for _ in range(int(rng.integers(0, 3))):
        at = placed(float(rng.uniform(-half, half)), float(rng.uniform(-3.2, -2.0)))
        add_tree(builder, greenery, at, float(rng.uniform(4.5, 7.0)))
    return Place(
        scene=builder.build(),
        kind="facade",
        day=_day(rng),
        night=_night(rng, half),
        walk_m=(0.6 * half, 1.6),
        walk_center_m=(0.0, -8.0),
        eye_height_m=(1.3, 2.2),
        heading_deg=(90.0, 90.0),
        swing_deg=26.0,
        pitch_deg=(-2.0, 16.0),
    )


def _add_house(builder: SceneBuilder, house: _House) -> None:
    rng = builder.rng
    width, height = house.width_m, house.height_m
    texels = (int(height * _TEXELS_PER_M), int(width * _TEXELS_PER_M))
    kind = rng.integers(0, 4)
    if kind == 0:
        image = surfaces.bricks(rng, *texels, brick=(8, 24), joint=1)
    elif kind == 1:
        stone = (int(rng.integers(24, 44)), int(rng.integers(50, 90)))
        image = surfaces.bricks(rng, *texels, brick=stone, joint=2, jitter=0.1)
    elif kind == 2:
        image = surfaces.rough(rng, *texels)
    else:
        image = surfaces.plaster(rng, *texels, stains=60)
    wall = builder.finish(image)
    builder.box(house.front @ placed(0.0, 2.0), (width, 4.0, height), house.trim, front=wall)
    _add_windows(builder, house)
    builder.box(house.front @ placed(0.0, -0.15, height - 0.3), (width, 0.35, 0.35), house.trim)
    for z in np.arange(3.1, height - 1.5, 2.9):
        builder.box(house.front @ placed(0.0, -0.06, float(z)), (width, 0.12, 0.18), house.trim)
    if rng.random() < 0.8:
        sign = builder.finish(prints.poster(rng, 90, 420))
        at = house.front @ placed(float(rng.uniform(-0.15, 0.15)) * width, -0.13, 2.65)
        builder.box(at, (0.6 * width, 0.1, 0.6), house.trim, front=sign)


def _add_windows(builder: SceneBuilder, house: _House) -> None:
    """Set equal windows in rows; the ground floor has doors and shop windows instead."""
    rng = builder.rng
    num = max(2, int(house.width_m / rng.uniform(1.7, 2.6)))
    step = house.width_m / num
    size = (float(min(rng.uniform(0.9, 1.3), step - 0.5)), float(rng.uniform(1.3, 1.8)))
    panes = [builder.finish(_window(rng, size), gloss=0.35) for _ in range(3)]
    for z in np.arange(3.6, house.height_m - size[1] - 0.5, 2.9):
        for column in range(num):
            x = (column + 0.5) * step - house.width_m / 2
            at = house.front @ placed(x, 0.0, float(z))
            builder.panel(at @ placed(0.0, -0.012), size, panes[int(rng.integers(0, 3))])
            for side in (-1, 1):
                jamb = at @ placed(side * size[0] / 2, -0.06)
                builder.box(jamb, (0.12, 0.12, size[1]), house.trim)
            builder.box(at @ placed(0.0, -0.1, -0.12), (size[0] + 0.3, 0.22, 0.12), house.trim)
            builder.box(at @ placed(0.0, -0.08, size[1]), (size[0] + 0.3, 0.16, 0.14), house.trim)
    for column in range(num):
        at = house.front @ placed((column + 0.5) * step - house.width_m / 2, 0.0)
        _add_ground_floor(builder, house, at, min(step - 0.4, 1.6))


def _add_ground_floor(
    builder: SceneBuilder, house: _House, at: RigidTransform, width: float
) -> None:
    rng = builder.rng
    if rng.random() < 0.35:
        ground = surfaces.planks(rng, 230, 120, plank=(30, 240))
        door = builder.finish(prints.cabinet_front(rng, ground, 3, 2))
        builder.box(at @ placed(0.0, -0.06), (1.25, 0.12, 2.4), house.trim)
        builder.panel(at @ placed(0.0, -0.13), (1.0, 2.2), door)
        return
    display = prints.poster if rng.random() < 0.5 else prints.book_row
    window = builder.finish(display(rng, 170, int(width * 130)))
    builder.box(at @ placed(0.0, -0.06, 0.7), (width + 0.15, 0.12, 1.6), house.trim)
    builder.panel(at @ placed(0.0, -0.13, 0.78), (width, 1.44), window)


def _window(rng: np.random.Generator, size_m: tuple[float, float]) -> np.ndarray:
    """Panes that mirror a sky, in a frame with cross bars; curtains behind some."""
    height, width = int(size_m[1] * 140), int(size_m[0] * 140)
    image = (prints.painting(rng, height, width) * 0.45 + 30).astype(np.uint8)
    frame = (random_color(rng, low=0.5, high=0.95, saturation=0.2) * 255).astype(np.uint8)
    bar = max(3, width // 22)
    for x in (0, width // 2 - bar // 2, width - bar):
        image[:, x : x + bar] = frame
    for y in (0, int(0.3 * height), height - bar):
        image[y : y + bar] = frame
    return image


def _add_street(builder: SceneBuilder, half: float) -> None:
    rng = builder.rng
    length, near, depth = 2 * half + 16.0, 1.5, 16.0
    texels = (int(depth * 60), int(length * 60))
    stone = (int(rng.integers(8, 16)), int(rng.integers(10, 24)))
    image = surfaces.bricks(rng, *texels, brick=stone, joint=2, jitter=0.12)
    corner = np.array([-length / 2, near, 0.0])
    along, across = np.array([length, 0.0, 0.0]), np.array([0.0, -depth, 0.0])
    builder.face(corner, along, across, finish=builder.finish(image))
    kerb = builder.finish(surfaces.rough(rng, 90, 900))
    builder.box(placed(0.0, -1.2), (length, 2.0, 0.13), kerb)


def _add_street_thing(builder: SceneBuilder, trim: Finish, greenery: Greenery, half: float) -> None:
    rng = builder.rng
    at = placed(
        float(rng.uniform(-half, half)),
        float(rng.uniform(-3.4, -1.0)),
        yaw_deg=float(rng.uniform(-30, 30)),
    )
    kind = rng.integers(0, 3)
    if kind == 1:
        add_planter(builder, greenery, at, trim)
        return
    number = builder.new_object()
    if kind == 0:
        front = builder.finish(prints.poster(rng, 260, 170))
        builder.box(at, (1.1, 0.35, 1.9), trim, front=front, object_number=number)
    else:
        wood = builder.finish(surfaces.planks(rng, 60, 240, plank=(12, 240)))
        builder.box(at @ placed(0.0, 0.0, 0.42), (1.6, 0.45, 0.07), wood, object_number=number)
        builder.box(at @ placed(0.0, 0.22, 0.49), (1.6, 0.05, 0.45), wood, object_number=number)
        for x in (-0.7, 0.7):
            builder.box(at @ placed(x, 0.0), (0.08, 0.4, 0.42), trim, object_number=number)


def _day(rng: np.random.Generator) -> Lighting:
    towards = np.array([rng.uniform(-0.8, 0.8), -rng.uniform(0.3, 0.9), rng.uniform(0.5, 1.0)])
    x, y, z = (float(v) for v in towards / np.linalg.norm(towards))
    sun = Lamp(position_m=(x, y, z), rgb=(0.8, 0.77, 0.7), is_sun=True)
    clouds = CloudLayer.draw(rng)
    return Lighting(lamps=(sun,), ambient_rgb=(0.45, 0.48, 0.54), clouds=clouds)


def _night(rng: np.random.Generator, half: float) -> Lighting:
    lamps = tuple(
        Lamp(position_m=(float(x), -4.5, 4.5), rgb=(9.0, 7.0, 4.2))
        for x in rng.uniform(-0.9, 0.9, 2) * half
    )
    return Lighting(lamps=lamps, ambient_rgb=(0.1, 0.1, 0.13), sky_rgb=(0.01, 0.015, 0.03))
