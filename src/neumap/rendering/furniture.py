"""Things that stand in rooms: shelves, tables, cabinets, sofas, pictures, loose objects."""

from dataclasses import dataclass

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import prints, surfaces
from neumap.rendering.scene import FIXED, Finish, SceneBuilder, placed


@dataclass(frozen=True)
class Materials:
    """Finishes that several things of one scene share."""

    woods: tuple[Finish, ...]
    fabrics: tuple[Finish, ...]
    stone: Finish

    @classmethod
    def draw(cls, builder: SceneBuilder) -> "Materials":
        """Make the finishes of one scene."""
        rng = builder.rng
        woods = tuple(
            builder.finish(surfaces.planks(rng, 500, 700, plank=(90, 700)), texels_per_m=260.0)
            for _ in range(3)
        )
        fabrics = tuple(
            builder.finish(surfaces.fabric(rng, 500, 600), texels_per_m=260.0) for _ in range(2)
        )
        stone = builder.finish(surfaces.rough(rng, 500, 500), texels_per_m=250.0)
        return cls(woods, fabrics, stone)

    def wood(self, rng: np.random.Generator) -> Finish:
        """Pick one of the woods."""
        return self.woods[int(rng.integers(len(self.woods)))]

    def fabric(self, rng: np.random.Generator) -> Finish:
        """Pick one of the fabrics."""
        return self.fabrics[int(rng.integers(len(self.fabrics)))]


def add_picture(
    builder: SceneBuilder, on_wall: RigidTransform, size_m: tuple[float, float]
) -> None:
    """Hang a framed or bare poster, a few degrees askew; `on_wall` is its base centre."""
    rng = builder.rng
    width, height = size_m
    tilt = np.deg2rad(rng.normal(0, 2.0))
    cos, sin = float(np.cos(tilt)), float(np.sin(tilt))
    skew = RigidTransform(
        np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]]), np.zeros(3)
    )
    draw = prints.painting if rng.random() < 0.25 else prints.poster
    sheet = builder.finish(draw(rng, int(height * 380), int(width * 380)))
    if rng.random() < 0.5:
        # Own distances from the wall, so that overlapping sheets do not share a plane.
        gap = float(rng.uniform(0.004, 0.012))
        builder.panel(on_wall @ skew @ placed(0.0, -gap), size_m, sheet)
        return
    edge = builder.finish(surfaces.rough(rng, 40, 40))
    thick = float(rng.uniform(0.025, 0.035))
    back = on_wall @ skew @ placed(0.0, -thick / 2)
    builder.box(back, (width + 0.06, thick, height + 0.06), edge)
    builder.panel(on_wall @ skew @ placed(0.0, -thick - 0.002, 0.03), size_m, sheet)


def add_bookshelf(
    builder: SceneBuilder,
    materials: Materials,
    on_floor: RigidTransform,
    size_m: tuple[float, float, float],
) -> None:
    """Stand an open shelf with rows of books of uneven depth; back at y = 0."""
    rng = builder.rng
    width, depth, height = size_m
    wood = materials.wood(rng)
    builder.box(on_floor @ placed(0.0, -0.01), (width, 0.02, height), wood)
    for side in (-1, 1):
        x = side * (width / 2 - 0.0125)
        builder.box(on_floor @ placed(x, -depth / 2), (0.025, depth, height), wood)
    num_rows = max(2, round(height / 0.34))
    step = (height - 0.025) / num_rows
    for row in range(num_rows + 1):
        at = on_floor @ placed(0.0, -depth / 2, row * step)
        builder.box(at, (width - 0.05, depth, 0.025), wood)
        if row == num_rows:
            break
        if rng.random() < 0.2:
            _things_on(builder, on_floor @ placed(0.0, -depth / 2, row * step + 0.026), width * 0.8)
            continue
        tall, deep = step * rng.uniform(0.72, 0.9), depth * rng.uniform(0.55, 0.9)
        wide = (width - 0.06) * rng.uniform(0.65, 1.0)
        x = rng.uniform(-0.5, 0.5) * (width - 0.06 - wide)
        spines = builder.finish(prints.book_row(rng, int(tall * 420), int(wide * 420)))
        books = on_floor @ placed(x, -deep / 2 - 0.02, row * step + 0.026)
        builder.box(books, (wide, deep, tall), wood, front=spines)


def _things_on(builder: SceneBuilder, on_top: RigidTransform, reach_m: float) -> None:
    for x in np.arange(-reach_m / 2, reach_m / 2, 0.28):
        add_loose_thing(builder, on_top @ placed(float(x) + builder.rng.uniform(0, 0.08), 0.0))


def add_loose_thing(builder: SceneBuilder, on_top: RigidTransform) -> None:
    """Put down a movable printed carton, a book pile or a can."""
    rng = builder.rng
    number = builder.new_object()
    spot = on_top @ placed(0.0, 0.0, yaw_deg=float(rng.uniform(-40, 40)))
    kind = rng.integers(0, 3)
    if kind == 0:
        width, depth, height = (
            rng.uniform(0.1, 0.24),
            rng.uniform(0.05, 0.16),
            rng.uniform(0.1, 0.3),
        )
        front = builder.finish(prints.poster(rng, int(height * 450), int(width * 450)))
        side = builder.finish(prints.poster(rng, int(height * 300), int(depth * 300) + 8))
        size = (float(width), float(depth), float(height))
        builder.box(spot, size, side, front=front, object_number=number)
    elif kind == 1:
        z = 0.0
        for _ in range(int(rng.integers(2, 5))):
            size = (float(rng.uniform(0.15, 0.26)), 0.18, float(rng.uniform(0.02, 0.05)))
            cover = builder.finish(prints.poster(rng, 80, 110))
            turned = spot @ placed(0.0, 0.0, z, yaw_deg=float(rng.uniform(-15, 15)))
            builder.box(turned, size, cover, object_number=number)
            z += size[2]
    else:
        _add_can(builder, spot, float(rng.uniform(0.035, 0.07)), number)


def _add_can(builder: SceneBuilder, spot: RigidTransform, radius_m: float, number: int) -> None:
    rng = builder.rng
    height, num_sides = float(rng.uniform(0.1, 0.25)), 10
    angle = 2 * np.pi / num_sides
    label = builder.finish(prints.poster(rng, 110, 110))
    lid = builder.finish(surfaces.rough(rng, 24, 24))
    side_m = 2 * radius_m * float(np.tan(angle / 2))
    for side in range(num_sides):
        turned = spot @ placed(0.0, 0.0, yaw_deg=float(np.degrees(side * angle)))
        at = turned @ placed(0.0, -radius_m)
        builder.panel(at, (side_m, height), label, object_number=number)
    square = 1.2 * radius_m
    builder.box(spot @ placed(0.0, 0.0, height), (square, square, 0.008), lid, object_number=number)


def add_cabinet(
    builder: SceneBuilder,
    materials: Materials,
    on_floor: RigidTransform,
    size_m: tuple[float, float, float],
) -> None:
    """Stand a cabinet with drawers or doors and loose things on it; back at y = 0."""
    rng = builder.rng
    width, depth, height = size_m
    ground = surfaces.planks(rng, int(height * 300), int(width * 300), plank=(80, 500))
    rows, columns = (int(rng.integers(2, 5)), 1) if height < 1.2 else (1, 2)
    front = builder.finish(prints.cabinet_front(rng, ground, rows, columns + int(width > 1.0)))
    centre = on_floor @ placed(0.0, -depth / 2)
    builder.box(centre, size_m, materials.wood(rng), front=front)
    if height < 1.3:
        _things_on(builder, centre @ placed(0.0, 0.0, height), width * 0.85)


def add_table(
    builder: SceneBuilder,
    materials: Materials,
    on_floor: RigidTransform,
    size_m: tuple[float, float, float],
    *,
    has_screen: bool,
) -> None:
    """Stand a table with loose things and, on a desk, a monitor; centre at the origin."""
    rng = builder.rng
    width, depth, height = size_m
    wood = materials.wood(rng)
    builder.box(on_floor @ placed(0.0, 0.0, height - 0.04), (width, depth, 0.04), wood)
    for x in (-width / 2 + 0.05, width / 2 - 0.05):
        for y in (-depth / 2 + 0.05, depth / 2 - 0.05):
            builder.box(on_floor @ placed(x, y), (0.05, 0.05, height - 0.04), wood)
    if has_screen:
        frame = placed(0.0, depth / 4, height + 0.1, yaw_deg=float(rng.uniform(-15, 15)))
        picture = builder.finish(prints.screen(rng, 220, 340))
        builder.box(on_floor @ frame, (0.6, 0.03, 0.38), materials.stone, front=picture)
        builder.box(on_floor @ placed(0.0, depth / 4, height), (0.2, 0.12, 0.1), materials.stone)
    for _ in range(int(rng.integers(2, 5))):
        x, y = rng.uniform(-0.42, 0.42) * width, rng.uniform(-0.35, 0.0) * depth
        add_loose_thing(builder, on_floor @ placed(float(x), float(y), height))


def add_sofa(
    builder: SceneBuilder, materials: Materials, on_floor: RigidTransform, width_m: float
) -> None:
    """Stand a sofa with cushions of another fabric; back at y = 0."""
    rng = builder.rng
    cloth = materials.fabric(rng)
    builder.box(on_floor @ placed(0.0, -0.45), (width_m, 0.9, 0.42), cloth)
    builder.box(on_floor @ placed(0.0, -0.12, 0.42), (width_m, 0.24, 0.42), cloth)
    for side in (-1, 1):
        arm = on_floor @ placed(side * (width_m / 2 - 0.1), -0.45, 0.42)
        builder.box(arm, (0.2, 0.9, 0.18), cloth)
    for _ in range(int(rng.integers(1, 4))):
        cushion = builder.finish(prints.rug(rng, 150, 150))
        at = placed(
            float(rng.uniform(-0.35, 0.35)) * width_m,
            -0.35,
            0.42,
            yaw_deg=float(rng.uniform(-20, 20)),
        )
        builder.box(on_floor @ at, (0.42, 0.12, 0.4), cushion, object_number=FIXED)


def add_chair(builder: SceneBuilder, materials: Materials, on_floor: RigidTransform) -> None:
    """Stand a movable chair; centre at the origin, back towards +y."""
    wood, number = materials.wood(builder.rng), builder.new_object()
    seat = materials.fabric(builder.rng)
    builder.box(on_floor @ placed(0.0, 0.0, 0.42), (0.42, 0.42, 0.05), seat, object_number=number)
    for x in (-0.18, 0.18):
        for y in (-0.18, 0.18):
            tall = 0.9 if y > 0 else 0.42
            leg = on_floor @ placed(x, y)
            builder.box(leg, (0.035, 0.035, tall), wood, object_number=number)
    back = on_floor @ placed(0.0, 0.18, 0.6)
    builder.box(back, (0.36, 0.02, 0.28), wood, object_number=number)


def add_window(builder: SceneBuilder, on_wall: RigidTransform, size_m: tuple[float, float]) -> None:
    """Set a window with a view outside, cross bars and a sill."""
    rng = builder.rng
    width, height = size_m
    view = builder.finish(prints.painting(rng, int(height * 200), int(width * 200)))
    bar = builder.finish(surfaces.rough(rng, 60, 60, base=np.full(3, 0.85, np.float32)))
    builder.panel(on_wall @ placed(0.0, -0.01), size_m, view)
    for x in (-width / 2, 0.0, width / 2):
        builder.box(on_wall @ placed(x, -0.03), (0.06, 0.06, height), bar)
    for z in (0.0, height * 0.62, height - 0.06):
        builder.box(on_wall @ placed(0.0, -0.025, z), (width, 0.05, 0.06), bar)
    builder.box(on_wall @ placed(0.0, -0.1, -0.04), (width + 0.2, 0.2, 0.04), bar)
