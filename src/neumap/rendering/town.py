"""A town: houses of a few makes along streets, courtyards, squares, parks, parked cars."""

from dataclasses import dataclass, replace

import numpy as np

from neumap.geometry import RigidTransform
from neumap.rendering.courtyard import furnish_courtyard
from neumap.rendering.house import House, HouseMake, add_flank, add_house
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.scene import FIXED, RenderScene, SceneBuilder, placed
from neumap.rendering.sky import CloudLayer
from neumap.rendering.street_things import StreetFinishes
from neumap.rendering.town_ground import add_ground, add_open_block, add_street
from neumap.rendering.town_plan import Block, TownPlan
from neumap.rendering.vegetation import Greenery

_NUM_MAKES = 9
_HOUSE_DEPTH_M = 9.0
_GATE_M = 4.5


@dataclass(frozen=True, kw_only=True)
class Town:
    """A town with everything in its place; metres, z up."""

    plan: TownPlan
    scene: RenderScene
    lamps: tuple[Lamp, ...]
    """Street lamps, lit by night."""
    parking: dict[int, RigidTransform]
    """Where each vehicle stands (x along its length), by object number."""

    def day(self, rng: np.random.Generator) -> Lighting:
        """Sun from a random height and side, and clouds of its own."""
        turn, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.1)
        towards = np.array([np.cos(turn), np.sin(turn), height])
        x, y, z = (float(v) for v in towards / np.linalg.norm(towards))
        sun = Lamp(position_m=(x, y, z), rgb=(0.78, 0.74, 0.66), is_sun=True)
        return Lighting(lamps=(sun,), ambient_rgb=(0.5, 0.53, 0.58), clouds=CloudLayer.draw(rng))

    def night(self) -> Lighting:
        """Street lamps and lit windows under a dark sky."""
        return Lighting(
            lamps=self.lamps, ambient_rgb=(0.1, 0.105, 0.13), sky_rgb=(0.012, 0.016, 0.03), glow=0.8
        )

    def at_another_time(self, rng: np.random.Generator, *, share: float = 0.6) -> "Town":
        """Let `share` of the vehicles change places or leave, and move half of the loose things."""
        numbers = np.array(sorted(self.parking))
        leaving = numbers[rng.random(len(numbers)) < share]
        targets = rng.permutation(leaving)
        moves: dict[int, RigidTransform | None] = {}
        for number, target in zip(leaving, targets, strict=True):
            if rng.random() < 0.4:
                moves[int(number)] = None
                continue
            spot = self.parking[int(target)] @ placed(float(rng.uniform(-0.5, 0.5)), 0.0)
            moves[int(number)] = spot @ self.parking[int(number)].inverse()
        is_car = np.isin(self.scene.object_number, numbers)
        loose = np.where(is_car, FIXED, self.scene.object_number)
        moved = replace(self.scene, object_number=loose).with_moved_objects(rng, share=0.5)
        numbered = replace(moved, object_number=self.scene.object_number)
        return replace(self, scene=numbered.with_objects(moves))


def build_town(
    rng: np.random.Generator, *, num_blocks: tuple[int, int] = (5, 4), num_makes: int = _NUM_MAKES
) -> Town:
    """Build a town of `num_blocks` (in x and y); its south-west corner is the origin."""
    builder = SceneBuilder(rng)
    plan = TownPlan.draw(rng, num_blocks=num_blocks)
    makes = [HouseMake.draw(builder) for _ in range(num_makes)]
    greenery, finishes = Greenery.draw(builder), StreetFinishes.draw(builder)
    lamps: list[Lamp] = []
    for block in plan.blocks:
        x, y = block.middle_m
        if block.kind in ("closed", "court"):
            _add_perimeter(builder, makes, block)
        if block.kind == "court":
            inner = (block.size_m[0] - 2 * _HOUSE_DEPTH_M, block.size_m[1] - 2 * _HOUSE_DEPTH_M)
            lamps.append(
                furnish_courtyard(
                    builder, greenery, finishes, placed(x, y), size_m=inner, gate_m=_GATE_M
                )
            )
        elif block.kind != "closed":
            lamps += add_open_block(builder, greenery, finishes, block)
    add_ground(builder, plan)
    parking: dict[int, RigidTransform] = {}
    for street in plan.streets:
        made = add_street(builder, greenery, finishes, plan, street)
        lamps += made.lamps
        parking.update(made.parking)
    return Town(plan=plan, scene=builder.build(), lamps=tuple(lamps), parking=parking)


def _add_perimeter(builder: SceneBuilder, makes: list[HouseMake], block: Block) -> None:
    """Close a block with houses that face the streets; a court has a gate in the south."""
    (x0, y0), (x1, y1) = block.low_m, block.high_m
    has_court = block.kind == "court"
    width, depth = block.size_m
    middle = block.middle_m
    sides = (
        (placed(middle[0], y0), width),
        (placed(middle[0], y1, yaw_deg=180.0), width),
        (placed(x0, middle[1], yaw_deg=-90.0), depth - 2 * _HOUSE_DEPTH_M),
        (placed(x1, middle[1], yaw_deg=90.0), depth - 2 * _HOUSE_DEPTH_M),
    )
    for number, (frame, length) in enumerate(sides):
        if number == 0 and has_court:
            half = 0.5 * (length - _GATE_M)
            for side in (-1, 1):
                part = frame @ placed(side * 0.5 * (length - half), 0.0)
                _add_row(builder, makes, part, half, has_back=True, flanks=(-1, 1))
            continue
        flanks = (-1, 1) if number < 2 else ()
        _add_row(builder, makes, frame, length, has_back=has_court, flanks=flanks)


def _add_row(
    builder: SceneBuilder,
    makes: list[HouseMake],
    frame: RigidTransform,
    length: float,
    *,
    has_back: bool,
    flanks: tuple[int, ...],
) -> None:
    """Fill a length of street front with houses of 7 to 12 m; `flanks` are the ends in view."""
    rng = builder.rng
    shares = rng.uniform(0.8, 1.3, max(1, round(length / 9.5)))
    left = -0.5 * length
    for width in shares / shares.sum() * length:
        house = House(
            make=makes[int(rng.integers(len(makes)))],
            front=frame @ placed(left + 0.5 * float(width), 0.0),
            width_m=float(width),
            depth_m=_HOUSE_DEPTH_M,
            num_storeys=int(rng.integers(2, 5)),
        )
        add_house(builder, house, has_back=has_back)
        right = left + float(width)
        if -1 in flanks and left < -0.5 * length + 0.1:
            add_flank(builder, house, side=-1)
        if 1 in flanks and right > 0.5 * length - 0.1:
            add_flank(builder, house, side=1)
        left = right
