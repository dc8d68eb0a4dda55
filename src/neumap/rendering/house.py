"""Houses of a town: a few makes with equal windows, and houses that differ in their prints."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8

from neumap.geometry import RigidTransform
from neumap.rendering import prints, surfaces
from neumap.rendering.noise import random_color
from neumap.rendering.scene import Finish, SceneBuilder, placed

_TEXELS_PER_M = 55.0  # at detail 1, which suits photos of 320 x 240
_WALL_M = (13.0, 14.5)  # height and width of a wall's texture
_NUM_BILLS = 14
_LIT_SHARE = 0.4  # of the windows, by night


@dataclass(frozen=True, kw_only=True)
class HouseMake:
    """What all houses of a make share."""

    wall: Finish
    side: Finish
    trim: Finish
    roof: Finish
    door: Finish
    panes: tuple[Finish, ...]
    bills: tuple[Finish, ...]
    """Pasted on walls; the same bill hangs in several places, as in a real town."""
    shutter: Finish | None
    storey_m: float
    window_m: tuple[float, float]
    spacing_m: float
    has_balconies: bool
    has_mansard: bool
    detail: float
    """Factor of the textures' resolution."""

    @classmethod
    def draw(cls, builder: SceneBuilder, *, detail: float = 1.0) -> "HouseMake":
        """Make one make; about one in six is an office of blank and glossy faces."""
        rng = builder.rng
        is_office = bool(rng.random() < 0.17)
        wide = float(rng.uniform(1.6, 2.2) if is_office else rng.uniform(0.95, 1.35))
        tall = float(rng.uniform(1.4, 1.9))
        gloss = 0.75 if is_office else 0.35
        panes = tuple(
            builder.finish(window(rng, (wide, tall), detail=detail), gloss=gloss) for _ in range(4)
        )
        wood = surfaces.planks(rng, int(150 * detail), int(75 * detail), plank=(20, 150))
        size = (int(60 * detail), int(42 * detail))
        bills = tuple(builder.finish(prints.poster(rng, *size)) for _ in range(_NUM_BILLS))
        door = prints.cabinet_front(rng, wood, 3, 2)
        has_shutters = not is_office and rng.random() < 0.4
        slats = surfaces.planks(rng, int(100 * detail), int(36 * detail), plank=(6, 40))
        tint = random_color(rng, low=0.3, high=0.8)
        shutter = (slats * tint).astype(np.uint8)
        tiles = surfaces.bricks(rng, 300, 600, brick=(9, 14), joint=1, jitter=0.2)
        scale = detail * _TEXELS_PER_M
        texels = (int(_WALL_M[0] * scale), int(_WALL_M[1] * scale))
        image = _wall(rng, texels, detail=detail, is_plain=is_office)
        plain = surfaces.plaster(rng, *texels, stains=40)
        trim = surfaces.rough(rng, 300, 300)
        return cls(
            wall=builder.finish(image, texels_per_m=scale, gloss=0.2 * is_office),
            side=builder.finish(plain, texels_per_m=scale),
            trim=builder.finish(trim, texels_per_m=scale),
            roof=builder.finish(tiles, texels_per_m=_TEXELS_PER_M),
            detail=detail,
            door=builder.finish(door),
            panes=panes,
            bills=bills,
            shutter=builder.finish(shutter) if has_shutters else None,
            storey_m=float(rng.uniform(2.8, 3.4)),
            window_m=(wide, tall),
            spacing_m=wide + float(rng.uniform(0.7, 1.4)),
            has_balconies=bool(rng.random() < 0.3),
            has_mansard=not is_office and bool(rng.random() < 0.7),
        )


@dataclass(frozen=True, kw_only=True)
class House:
    """One house of a make."""

    make: HouseMake
    front: RigidTransform
    """Foot of the street wall's middle, x right as seen from the street at -y."""
    width_m: float
    depth_m: float
    num_storeys: int

    @property
    def height_m(self) -> float:
        """Height of the eaves."""
        return 0.7 + self.make.storey_m * self.num_storeys

    @property
    def back(self) -> RigidTransform:
        """The same frame at the wall towards the courtyard."""
        return self.front @ placed(0.0, self.depth_m, yaw_deg=180.0)


def add_house(
    builder: SceneBuilder, house: House, *, has_front: bool = True, has_back: bool = True
) -> None:
    """Build walls and roof; windows and things only on the sides that can be seen."""
    make = house.make
    size = (house.width_m, house.depth_m, house.height_m)
    centre = house.front @ placed(0.0, house.depth_m / 2)
    builder.box(centre, size, make.side if has_front else make.wall, front=make.wall)
    if make.has_mansard:
        _add_mansard(builder, house)
    cornice = house.front @ placed(0.0, -0.12, house.height_m - 0.25)
    builder.box(cornice, (house.width_m, 0.3, 0.3), make.trim)
    if has_front:
        _add_floors(builder, house, house.front)
        _add_ground_floor(builder, house)
    if has_back:
        _add_floors(builder, house, house.back)
        _add_back_things(builder, house)


def add_flank(builder: SceneBuilder, house: House, *, side: int) -> None:
    """Cover the wall at the end of a row: windows as in front, or a mural on a blank wall."""
    rng, make = builder.rng, house.make
    at = house.front @ placed(side * house.width_m / 2, house.depth_m / 2, yaw_deg=90.0 * side)
    if rng.random() < 0.6:
        turned = replace(house, front=at, width_m=house.depth_m, depth_m=house.width_m)
        _add_floors(builder, turned, at)
    else:
        wide = 0.7 * house.depth_m
        tall = min(0.9 * wide, house.height_m - 3.4)
        texels = (int(30 * make.detail * tall), int(30 * make.detail * wide))
        mural = builder.finish(prints.poster(rng, *texels))
        builder.panel(at @ placed(0.0, -0.03, 2.6), (wide, tall), mural)
    _add_bills(builder, make, at @ placed(0.0, 0.0, 0.5), 0.8 * house.depth_m)


def _add_mansard(builder: SceneBuilder, house: House) -> None:
    """Lean roof faces from both eaves to a flat top; parapets close the ends."""
    make, width, depth, eaves = house.make, house.width_m, house.depth_m, house.height_m
    rise, run = 2.3, 1.5
    for frame in (house.front, house.back):
        top = frame.apply(np.array([[-width / 2, run, eaves + rise]]))[0]
        across = frame.rotation @ np.array([width, 0.0, 0.0])
        down = frame.rotation @ np.array([0.0, -run, -rise])
        builder.face(top, across, down, finish=make.roof)
        for x in np.arange(-width / 2 + 1.5, width / 2 - 1.0, 2.6):
            at = frame @ placed(float(x), 0.9, eaves + 0.25)
            pane = _pane(builder, make)
            builder.box(at, (1.0, 1.2, 1.4), make.trim)
            builder.panel(at @ placed(0.0, -0.61, 0.15), (0.8, 1.1), pane)
    attic = house.front @ placed(0.0, depth / 2, eaves)
    builder.box(attic, (width, depth - 2 * run, rise), make.roof)
    for side in (-1, 1):
        end = house.front @ placed(side * (width / 2 - 0.15), depth / 2, eaves)
        builder.box(end, (0.3, depth, rise + 0.3), make.side)


def _add_floors(builder: SceneBuilder, house: House, frame: RigidTransform) -> None:
    """Set the make's windows in rows on one wall, above the ground floor."""
    make, rng = house.make, builder.rng
    wide, tall = make.window_m
    num = max(1, int((house.width_m - 0.6) / make.spacing_m))
    step = house.width_m / num
    for storey in range(1, house.num_storeys):
        z = 0.7 + storey * make.storey_m
        for column in range(num):
            at = frame @ placed((column + 0.5) * step - house.width_m / 2, 0.0, z)
            builder.panel(at @ placed(0.0, -0.03), make.window_m, _pane(builder, make))
            builder.box(at @ placed(0.0, -0.09, -0.12), (wide + 0.25, 0.2, 0.12), make.trim)
            builder.box(at @ placed(0.0, -0.06, tall), (wide + 0.2, 0.12, 0.14), make.trim)
            if make.shutter is not None:
                for side in (-1, 1):
                    leaf = at @ placed(side * (0.5 * wide + 0.27), -0.05)
                    builder.panel(leaf, (0.5, tall), make.shutter)
            if make.has_balconies and rng.random() < 0.3:
                _add_balcony(builder, house, at, wide + 0.5)


def _add_balcony(builder: SceneBuilder, house: House, at: RigidTransform, width: float) -> None:
    trim = house.make.trim
    builder.box(at @ placed(0.0, -0.5, -0.3), (width, 1.0, 0.14), trim)
    for x in np.arange(-width / 2, width / 2 + 0.01, width / 6):
        builder.box(at @ placed(float(x), -0.96, -0.16), (0.05, 0.05, 0.9), trim)
    builder.box(at @ placed(0.0, -0.96, 0.74), (width, 0.08, 0.07), trim)


def _add_ground_floor(builder: SceneBuilder, house: House) -> None:
    """A door with a plate, shop windows, a sign board, an awning: prints of the house's own."""
    make, rng, width = house.make, builder.rng, house.width_m
    door_x = float(rng.choice([-1, 1])) * (width / 2 - 1.1)
    at = house.front @ placed(door_x, -0.05)
    builder.box(at, (1.3, 0.1, 2.45), make.trim)
    builder.panel(at @ placed(0.0, -0.06), (1.05, 2.25), make.door)
    plate = builder.finish(prints.poster(rng, int(24 * make.detail), int(34 * make.detail)))
    builder.panel(at @ placed(0.85, 0.03, 1.6), (0.42, 0.3), plate)
    span = width - 2.4
    middle = -np.sign(door_x) * 1.05
    if rng.random() < 0.25:
        _add_bills(builder, make, house.front @ placed(float(middle), 0.0, 0.6), span)
        return
    num = max(1, int(span / 2.2))
    for column in range(num):
        x = float(middle) + ((column + 0.5) / num - 0.5) * span
        wide = span / num - 0.3
        drawing = prints.book_row if rng.random() < 0.3 else prints.poster
        show = builder.finish(
            drawing(rng, int(70 * make.detail), int(48 * make.detail * wide)), glow=0.5, gloss=0.25
        )
        pane = house.front @ placed(x, -0.05, 0.55)
        builder.box(pane, (wide + 0.16, 0.1, 1.66), make.trim)
        builder.panel(pane @ placed(0.0, -0.06, 0.08), (wide, 1.5), show)
    sign = builder.finish(
        prints.poster(rng, int(34 * make.detail), int(48 * make.detail * span)), glow=0.3
    )
    board = house.front @ placed(float(middle), -0.1, 2.45)
    builder.box(board, (span, 0.14, 0.6), make.trim, front=sign)
    if rng.random() < 0.35:
        _add_awning(builder, board, span)


def _add_awning(builder: SceneBuilder, board: RigidTransform, width: float) -> None:
    stripes = builder.finish(surfaces.fabric(builder.rng, 60, 200))
    top = board.apply(np.array([[-width / 2, -0.1, -0.02]]))[0]
    across = board.rotation @ np.array([width, 0.0, 0.0])
    builder.face(top, across, board.rotation @ np.array([0.0, -0.9, -0.3]), finish=stripes)


def _add_bills(builder: SceneBuilder, make: HouseMake, at: RigidTransform, span: float) -> None:
    """Paste bills on an otherwise blank wall."""
    rng = builder.rng
    for x in np.arange(-span / 2 + 0.4, span / 2 - 0.3, 0.8):
        if rng.random() < 0.55:
            sheet = make.bills[int(rng.integers(_NUM_BILLS))]
            gap, z = float(rng.uniform(0.004, 0.012)), float(rng.uniform(0, 0.9))
            builder.panel(at @ placed(float(x), -gap, z), (0.6, 0.85), sheet)


def _add_back_things(builder: SceneBuilder, house: House) -> None:
    """Doors, a downpipe and bills towards the courtyard."""
    make = house.make
    at = house.back @ placed(float(builder.rng.uniform(-0.3, 0.3)) * house.width_m, -0.05)
    builder.box(at, (1.2, 0.1, 2.3), make.trim)
    builder.panel(at @ placed(0.0, -0.06), (1.0, 2.15), make.door)
    pipe = house.back @ placed(house.width_m / 2 - 0.3, -0.1)
    builder.box(pipe, (0.12, 0.12, house.height_m), make.trim)
    _add_bills(builder, make, house.back @ placed(0.0, 0.0, 0.5), 0.5 * house.width_m)


def _pane(builder: SceneBuilder, make: HouseMake) -> Finish:
    """Pick a window; some have their light on by night."""
    rng = builder.rng
    pane = make.panes[int(rng.integers(len(make.panes)))]
    if rng.random() < _LIT_SHARE:
        return replace(pane, glow=float(rng.uniform(0.5, 1.5)))
    return pane


def window(
    rng: np.random.Generator, size_m: tuple[float, float], *, detail: float = 1.0
) -> UInt8[np.ndarray, "h w 3"]:
    """Panes in a frame with cross bars; curtains behind some."""
    height, width = int(size_m[1] * 70 * detail), int(size_m[0] * 70 * detail)
    image = (prints.painting(rng, height, width) * 0.4 + 22).astype(np.uint8)
    if rng.random() < 0.5:
        cloth = surfaces.fabric(rng, height, width)
        reach = int(width * rng.uniform(0.15, 0.4))
        image[:, :reach], image[:, -reach:] = cloth[:, :reach], cloth[:, -reach:]
    frame = (random_color(rng, low=0.5, high=0.95, saturation=0.2) * 255).astype(np.uint8)
    bar = max(3, width // 16)
    for x in (0, width // 2 - bar // 2, width - bar):
        image[:, x : x + bar] = frame
    for y in (0, int(rng.uniform(0.25, 0.4) * height), height - bar):
        image[y : y + bar] = frame
    return image


def _wall(
    rng: np.random.Generator, texels: tuple[int, int], *, detail: float, is_plain: bool
) -> UInt8[np.ndarray, "h w 3"]:
    kind = 3 if is_plain else int(rng.integers(0, 4))
    if kind == 0:
        brick = (round(5 * detail), round(14 * detail))
        return surfaces.bricks(rng, *texels, brick=brick, joint=1)
    if kind == 1:
        tall, wide = rng.uniform(16, 28), rng.uniform(30, 56)
        stone = (int(tall * detail), int(wide * detail))
        return surfaces.bricks(rng, *texels, brick=stone, joint=2, jitter=0.1)
    if kind == 2:
        return surfaces.rough(rng, *texels)
    return surfaces.plaster(rng, *texels, stains=50)
