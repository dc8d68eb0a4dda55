"""A furnished room: blank or patterned walls with pictures, shelves, cabinets, a table."""

from dataclasses import dataclass

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import furniture, prints, surfaces
from neumap.rendering.furniture import Materials
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.place import Place
from neumap.rendering.scene import Finish, SceneBuilder, placed

_TEXELS_PER_M = 220
_KINDS = ("shelf", "low shelf", "cabinet", "wardrobe", "sofa", "desk", "bare", "shelf")


@dataclass(frozen=True)
class _Wall:
    frame: RigidTransform
    length_m: float
    height_m: float
    has_window: bool


def build_room(rng: np.random.Generator) -> Place:
    """Furnish a room of 4 to 7 m; the floor is z = 0, its centre the origin."""
    builder = SceneBuilder(rng)
    size = (
        float(rng.uniform(4.2, 6.8)),
        float(rng.uniform(3.8, 5.6)),
        float(rng.uniform(2.5, 3.0)),
    )
    materials = Materials.draw(builder)
    walls = wall_frames(size)
    _add_shell(builder, walls, size)
    # A shuffled deck, dealt round the walls, so that each kind of thing stands in every room.
    deck = [str(kind) for _ in range(4) for kind in rng.permutation(_KINDS)]
    for number, (frame, width) in enumerate(walls):
        wall = _Wall(frame, width, size[2], has_window=number == 1)
        _furnish_wall(builder, materials, wall, deck)
    _furnish_middle(builder, materials, size)
    reach = (0.5 * size[0] - 1.15, 0.5 * size[1] - 1.1)
    return Place(
        scene=builder.build(),
        kind="room",
        walk_m=reach,
        eye_height_m=(1.35, 1.75),
        day=_day(rng, size),
        night=_night(rng, size),
    )


def wall_frames(size_m: tuple[float, float, float]) -> list[tuple[RigidTransform, float]]:
    """Frames at the foot of the four walls, x right as seen from inside, -y into the room."""
    x, y = size_m[0] / 2, size_m[1] / 2
    return [
        (placed(0.0, y), size_m[0]),
        (placed(x, 0.0, yaw_deg=-90.0), size_m[1]),
        (placed(0.0, -y, yaw_deg=180.0), size_m[0]),
        (placed(-x, 0.0, yaw_deg=90.0), size_m[1]),
    ]


def _add_shell(
    builder: SceneBuilder,
    walls: list[tuple[RigidTransform, float]],
    size: tuple[float, float, float],
) -> None:
    rng = builder.rng
    width, depth, height = size
    paper = surfaces.wallpaper if rng.random() < 0.3 else surfaces.plaster
    accent = int(rng.integers(0, 4))
    skirting = builder.finish(surfaces.planks(rng, 30, 700, plank=(30, 300)))
    for number, (frame, length) in enumerate(walls):
        texels = (int(height * _TEXELS_PER_M), int(length * _TEXELS_PER_M))
        if number == accent and rng.random() < 0.5:
            image = surfaces.bricks(rng, *texels, brick=(16, 50), joint=2)
        else:
            image = paper(rng, *texels)
        builder.panel(frame, (length, height), builder.finish(image))
        builder.box(frame @ placed(0.0, -0.01), (length, 0.02, 0.1), skirting)
    texels = (int(depth * _TEXELS_PER_M), int(width * _TEXELS_PER_M))
    floor = (
        surfaces.planks(rng, *texels)
        if rng.random() < 0.6
        else surfaces.bricks(rng, *texels, brick=(66, 66), joint=2, shift=0.0, jitter=0.07)
    )
    ceiling = surfaces.plaster(rng, texels[0] // 2, texels[1] // 2, stains=20)
    x, y = width / 2, depth / 2
    along, across = np.array([width, 0.0, 0.0]), np.array([0.0, -depth, 0.0])
    builder.face(np.array([-x, y, 0.0]), along, across, finish=builder.finish(floor))
    corner = np.array([-x, y, height])
    builder.face(corner, along, across, finish=builder.finish(ceiling))


def _furnish_wall(
    builder: SceneBuilder, materials: Materials, wall: _Wall, deck: list[str]
) -> None:
    """Fill a wall from left to right; above low things go a window or pictures."""
    rng = builder.rng
    x = -wall.length_m / 2 + 0.75
    has_window = wall.has_window or rng.random() < 0.2
    while x < wall.length_m / 2 - 1.2:
        width = float(min(rng.uniform(0.8, 1.7), wall.length_m / 2 - 0.7 - x))
        at = wall.frame @ placed(x + width / 2, -0.02)
        top = _stand(builder, materials, at, width, kind=deck.pop())
        if top < 1.4 and has_window and width > 1.0:
            window = wall.frame @ placed(x + width / 2, 0.0, max(top, 0.9) + 0.15)
            furniture.add_window(builder, window, (width * 0.8, wall.height_m - top - 0.6))
            has_window = False
        elif top < 1.4:
            band = (top + 0.15, wall.height_m - 0.15)
            _hang_pictures(builder, wall.frame, (x - 0.1, x + width + 0.15), band)
        x += width + float(rng.uniform(0.1, 0.4))


def _stand(
    builder: SceneBuilder, materials: Materials, at: RigidTransform, width: float, *, kind: str
) -> float:
    """Stand one thing of about `width` against the wall; return how high it reaches (m)."""
    rng = builder.rng
    if kind == "shelf":
        top = float(rng.uniform(1.6, 2.1))
        furniture.add_bookshelf(builder, materials, at, (width, 0.3, top))
    elif kind == "low shelf":
        top = float(rng.uniform(0.8, 1.2))
        furniture.add_bookshelf(builder, materials, at, (width, 0.3, top))
    elif kind == "cabinet":
        top = float(rng.uniform(0.7, 1.1))
        furniture.add_cabinet(builder, materials, at, (width, 0.45, top))
        top += 0.25
    elif kind == "wardrobe":
        top = float(rng.uniform(1.8, 2.2))
        furniture.add_cabinet(builder, materials, at, (min(width, 1.2), 0.5, top))
    elif kind == "sofa":
        top = 0.9
        furniture.add_sofa(builder, materials, at, max(width, 1.4))
    elif kind == "desk":
        top = 1.2
        desk = at @ placed(0.0, -0.33)
        furniture.add_table(builder, materials, desk, (width, 0.6, 0.74), has_screen=True)
    else:
        top = 0.5
    return top


def _hang_pictures(
    builder: SceneBuilder,
    frame: RigidTransform,
    span: tuple[float, float],
    band: tuple[float, float],
) -> None:
    rng = builder.rng
    x = span[0]
    while x < span[1] - 0.25:
        tall = float(min(rng.uniform(0.35, 1.0), band[1] - band[0]))
        wide = float(min(tall * rng.uniform(0.65, 1.6), span[1] - x))
        if wide < 0.2 or tall < 0.2:
            return
        z = float(rng.uniform(band[0], band[1] - tall))
        furniture.add_picture(builder, frame @ placed(x + wide / 2, 0.0, z), (wide, tall))
        x += wide + float(rng.uniform(0.06, 0.3))


def _furnish_middle(
    builder: SceneBuilder, materials: Materials, size: tuple[float, float, float]
) -> None:
    rng = builder.rng
    yaw = float(rng.uniform(-30, 30))
    carpet: Finish = builder.finish(prints.rug(rng, 380, 520))
    width, depth = 0.42 * size[0], 0.42 * size[1]
    rug_at = placed(0.0, 0.0, 0.012, yaw_deg=yaw / 3)
    corner = rug_at.apply(np.array([[-width / 2, depth / 2, 0.0]]))[0]
    edges = np.array([[width, 0.0, 0.0], [0.0, -depth, 0.0]]) @ rug_at.rotation.T
    builder.face(corner, edges[0], edges[1], finish=carpet)
    table = placed(0.0, 0.0, yaw_deg=yaw)
    furniture.add_table(builder, materials, table, (1.3, 0.8, 0.74), has_screen=False)
    for side in (-1, 1):
        if rng.random() < 0.8:
            turn = 0.0 if side > 0 else 180.0
            wobble = float(rng.uniform(-25, 25))
            spot = table @ placed(float(rng.uniform(-0.3, 0.3)), side * 0.65, yaw_deg=turn + wobble)
            furniture.add_chair(builder, materials, spot)


def _day(rng: np.random.Generator, size: tuple[float, float, float]) -> Lighting:
    x, y, z = size
    ceiling = Lamp(position_m=(0.1 * x, 0.05 * y, z - 0.2), rgb=(0.9, 0.86, 0.8))
    strength = float(rng.uniform(1.2, 2.2))
    window = Lamp(
        position_m=(0.42 * x, float(rng.uniform(-0.2, 0.2)) * y, 0.72 * z),
        rgb=(strength, strength, 1.05 * strength),
    )
    return Lighting(lamps=(ceiling, window), ambient_rgb=(0.55, 0.55, 0.56))


def _night(rng: np.random.Generator, size: tuple[float, float, float]) -> Lighting:
    x, y, z = size
    corner = (float(rng.choice([-0.3, 0.3])) * x, float(rng.choice([-0.3, 0.3])) * y, 0.8 * z)
    lamp = Lamp(position_m=corner, rgb=(1.3, 1.05, 0.75))
    return Lighting(lamps=(lamp,), ambient_rgb=(0.17, 0.16, 0.16))
