"""Ground of a town: streets with pavements, lamps, trees and parked cars; squares and parks."""

from dataclasses import dataclass, field

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering import prints, surfaces
from neumap.rendering.light import Lamp
from neumap.rendering.scene import Finish, SceneBuilder, placed
from neumap.rendering.street_things import (
    StreetFinishes,
    add_advertising_column,
    add_bench,
    add_bin,
    add_board,
    add_kiosk,
    add_monument,
    add_sign,
    add_stall,
    add_street_lamp,
)
from neumap.rendering.town_plan import PAVEMENT_M, Block, Street, TownPlan
from neumap.rendering.vegetation import Greenery, add_bush, add_hedge, add_planter, add_tree
from neumap.rendering.vehicles import CAR_M, Livery, add_car, add_van

_TILE_M = 14.0
_NUM_LIVERIES = 8


@dataclass(frozen=True)
class StreetThings:
    """What a street adds to the town's lists."""

    lamps: list[Lamp] = field(default_factory=list[Lamp])
    parking: dict[int, RigidTransform] = field(default_factory=dict[int, RigidTransform])


def add_ground(builder: SceneBuilder, plan: TownPlan) -> None:
    """Lay gravel under everything, a little below the streets."""
    rng = builder.rng
    gravel = builder.finish(surfaces.rough(rng, 700, 700), texels_per_m=40.0)
    for x in np.arange(-30.0, plan.size_m[0] + 30.0, _TILE_M):
        for y in np.arange(-30.0, plan.size_m[1] + 30.0, _TILE_M):
            _add_tile(builder, placed(float(x), float(y)), (_TILE_M, _TILE_M), gravel)


def add_street(
    builder: SceneBuilder,
    greenery: Greenery,
    finishes: StreetFinishes,
    plan: TownPlan,
    street: Street,
) -> StreetThings:
    """Pave a street and furnish it between its crossings; x of its frame runs along it."""
    rng = builder.rng
    is_x = street.axis == "x"
    length = plan.size_m[0] if is_x else plan.size_m[1]
    yaw = 0.0 if is_x else 90.0
    frame = placed(*((0.0, street.position_m) if is_x else (street.position_m, 0.0)), yaw_deg=yaw)
    stone = (int(rng.integers(5, 10)), int(rng.integers(6, 14)))
    kinds = (
        surfaces.bricks(rng, 640, 640, brick=stone, joint=1, jitter=0.12),
        surfaces.rough(rng, 640, 640),
    )
    road = builder.finish(kinds[int(rng.integers(2))], texels_per_m=45.0)
    slabs = surfaces.bricks(rng, 300, 640, brick=(20, 26), joint=1, jitter=0.08, shift=0.5)
    pavement = builder.finish(slabs, texels_per_m=45.0)
    liveries = [Livery.draw(builder) for _ in range(_NUM_LIVERIES)]
    things = StreetThings()
    # Streets along y lie a little higher, so that crossings do not flicker.
    lift = 0.02 if is_x else 0.025
    for x in np.arange(0.0, length, _TILE_M):
        at = frame @ placed(float(x), -street.width_m / 2, lift)
        _add_tile(builder, at, (_TILE_M, street.width_m), road)
        cover = builder.finish(prints.rug(rng, 50, 50))
        spot = at @ placed(float(rng.uniform(0, _TILE_M)), street.width_m * rng.uniform(0.4, 0.6))
        _add_tile(builder, spot @ placed(0.0, 0.0, 0.004), (0.9, 0.9), cover)
    for start, end in _stretches(plan, street):
        for side in (-1, 1):
            kerb = frame @ placed(0.5 * (start + end), side * (street.width_m - PAVEMENT_M) / 2)
            builder.box(kerb, (end - start, PAVEMENT_M, 0.14), finishes.stone, top=pavement)
            # Turned so that -y looks to the road from either side.
            edge = kerb @ placed(0.0, 0.0, 0.14, yaw_deg=90.0 - 90.0 * side)
            edge = edge @ placed(0.0, -0.5 * PAVEMENT_M + 0.35)
            _furnish(builder, greenery, finishes, edge, end - start, things, liveries)
            if _is_outer(plan, street, is_x == (side > 0)):
                back = edge @ placed(0.0, PAVEMENT_M - 0.1, -0.14)
                _add_edge_of_town(builder, greenery, finishes, back, end - start)
    return things


def _is_outer(plan: TownPlan, street: Street, is_upper_side: bool) -> bool:
    """Tell whether nothing is built on the side of higher (or lower) coordinates."""
    extent = plan.size_m[1] if street.axis == "x" else plan.size_m[0]
    limit = street.position_m + street.width_m / 2 if is_upper_side else street.position_m
    return limit > extent - 0.1 if is_upper_side else limit < street.width_m


def _add_edge_of_town(
    builder: SceneBuilder,
    greenery: Greenery,
    finishes: StreetFinishes,
    at: RigidTransform,
    length: float,
) -> None:
    """Close a street towards the country: a stone wall with bills, trees behind it, hedges."""
    rng = builder.rng
    builder.box(at @ placed(0.0, 0.3), (length, 0.5, 2.4), finishes.stone)
    builder.box(at @ placed(0.0, 0.3, 2.4), (length + 0.2, 0.7, 0.12), finishes.tub)
    for x in np.arange(-length / 2 + 1.0, length / 2 - 0.5, 3.3):
        if rng.random() < 0.6:
            sheet = builder.finish(prints.poster(rng, 66, 90))
            spot = at @ placed(float(x), 0.04, float(rng.uniform(0.5, 0.9)))
            builder.panel(spot, (1.5, 1.1), sheet)
        elif rng.random() < 0.4:
            add_hedge(builder, greenery, at @ placed(float(x), -0.5), (2.2, 0.6, 1.2))
        if rng.random() < 0.5:
            tree = at @ placed(float(x), 2.5 + float(rng.uniform(0, 2)))
            add_tree(builder, greenery, tree, float(rng.uniform(5.5, 9.0)))


def _stretches(plan: TownPlan, street: Street) -> list[tuple[float, float]]:
    """Spans along a street between the streets that cross it."""
    axis = 0 if street.axis == "x" else 1
    return sorted({(block.low_m[axis], block.high_m[axis]) for block in plan.blocks})


def _furnish(
    builder: SceneBuilder,
    greenery: Greenery,
    finishes: StreetFinishes,
    edge: RigidTransform,
    length: float,
    things: StreetThings,
    liveries: list[Livery],
) -> None:
    """Lamps, trees and small things along one kerb, vehicles beside it; the gate stays free."""
    rng = builder.rng
    has_trees = bool(rng.random() < 0.35)
    lamp_x = float(rng.uniform(0.2, 0.3)) * length * float(rng.choice([-1, 1]))
    things.lamps.append(add_street_lamp(builder, finishes, edge @ placed(lamp_x, 0.0)))
    for x in np.arange(-length / 2 + 1.0, length / 2 - 0.9, 3.1):
        if abs(x - lamp_x) < 1.0 or abs(x) < 2.6:
            continue
        at = edge @ placed(float(x), 0.0)
        kind = int(rng.integers(0, 9))
        if has_trees and kind < 4:
            add_tree(builder, greenery, at, float(rng.uniform(4.5, 7.0)))
        elif kind == 4:
            add_bin(builder, finishes, at)
        elif kind == 5:
            add_board(builder, finishes, at)
        elif kind == 6:
            add_sign(builder, finishes, at @ placed(0.0, 0.0, yaw_deg=90.0))
        elif kind == 7:
            add_planter(builder, greenery, at, finishes.tub)
    for x in np.arange(-length / 2 + 3.0, length / 2 - 2.9, CAR_M[0] + 1.1):
        if rng.random() < 0.45 or abs(x) < 4.5:
            continue
        spot = edge @ placed(float(x), -CAR_M[1] / 2 - 0.6, -0.14)
        add = add_van if rng.random() < 0.15 else add_car
        number = add(builder, liveries[int(rng.integers(len(liveries)))], spot)
        things.parking[number] = spot


def add_open_block(
    builder: SceneBuilder, greenery: Greenery, finishes: StreetFinishes, block: Block
) -> list[Lamp]:
    """Furnish a square with stalls, or a park with trees; paths to the middle stay free."""
    rng = builder.rng
    width, depth = block.size_m
    centre = placed(*block.middle_m)
    is_park = block.kind == "park"
    if is_park:
        image = surfaces.rough(rng, 900, 900, base=np.array([0.3, 0.42, 0.2], np.float32))
    else:
        image = surfaces.bricks(rng, 900, 900, brick=(14, 14), joint=1, jitter=0.1)
    floor = builder.finish(image, texels_per_m=45.0)
    for x in (-width / 2, 0.0):
        for y in (-depth / 2, 0.0):
            at = centre @ placed(x, y, 0.04)
            _add_tile(builder, at, (width / 2, depth / 2), floor)
    add_monument(builder, finishes, centre)
    for x in np.arange(-width / 2 + 3.0, width / 2 - 2.0, 4.4):
        for y in np.arange(-depth / 2 + 3.0, depth / 2 - 2.0, 4.4):
            if min(abs(x), abs(y)) < 3.4 or max(abs(x), abs(y)) < 7.5:
                continue
            at = centre @ placed(float(x), float(y), yaw_deg=float(rng.uniform(-25, 25)))
            if is_park:
                _add_park_thing(builder, greenery, finishes, at)
            else:
                _add_square_thing(builder, greenery, finishes, at)
    corners = [(sx * (width / 2 - 1.5), sy * (depth / 2 - 1.5)) for sx in (-1, 1) for sy in (-1, 1)]
    return [add_street_lamp(builder, finishes, centre @ placed(x, y)) for x, y in corners]


def _add_park_thing(
    builder: SceneBuilder, greenery: Greenery, finishes: StreetFinishes, at: RigidTransform
) -> None:
    rng = builder.rng
    kind = int(rng.integers(0, 6))
    if kind <= 1:
        add_tree(builder, greenery, at, float(rng.uniform(4.5, 8.0)))
    elif kind == 2:
        add_hedge(builder, greenery, at, (3.0, 0.7, float(rng.uniform(0.8, 1.5))))
    elif kind == 3:
        add_bench(builder, finishes, at)
    elif kind == 4:
        add_bush(builder, greenery, at, float(rng.uniform(0.7, 1.2)))


def _add_square_thing(
    builder: SceneBuilder, greenery: Greenery, finishes: StreetFinishes, at: RigidTransform
) -> None:
    kind = int(builder.rng.integers(0, 9))
    if kind <= 3:
        add_stall(builder, finishes, at)
    elif kind == 4:
        add_kiosk(builder, finishes, at)
    elif kind == 5:
        add_advertising_column(builder, finishes, at)
    elif kind == 6:
        add_tree(builder, greenery, at, float(builder.rng.uniform(4.5, 7.0)))
    elif kind == 7:
        add_bench(builder, finishes, at)


def _add_tile(
    builder: SceneBuilder, at: RigidTransform, size_m: tuple[float, float], finish: Finish
) -> None:
    """Lay a level rectangle from the frame's origin along x and y."""
    corner = at.apply(np.array([[0.0, size_m[1], 0.0]]))[0]
    edges = np.array([[size_m[0], 0.0, 0.0], [0.0, -size_m[1], 0.0]]) @ at.rotation.T
    builder.face(corner, edges[0], edges[1], finish=finish)
