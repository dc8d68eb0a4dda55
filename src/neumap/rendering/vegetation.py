"""Vegetation-like clutter: trees, bushes, hedges and ivy of many small leafy cards."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from neumap.geometry import RigidTransform
from neumap.rendering import surfaces
from neumap.rendering.scene import FIXED, Finish, SceneBuilder, placed

_BARK = np.array([0.34, 0.27, 0.2], np.float32)


@dataclass(frozen=True)
class Greenery:
    """Finishes that all plants of one scene share."""

    leaves: tuple[Finish, ...]
    bark: Finish
    soil: Finish

    @classmethod
    def draw(cls, builder: SceneBuilder) -> "Greenery":
        """Make the finishes of one scene."""
        rng = builder.rng
        leaves = tuple(
            builder.finish(leaf_sheet(rng, 256, 256), texels_per_m=110.0) for _ in range(4)
        )
        bark = builder.finish(surfaces.rough(rng, 120, 60, base=_BARK))
        soil = builder.finish(surfaces.rough(rng, 300, 300, base=_BARK), texels_per_m=70.0)
        return cls(leaves, bark, soil)

    def leaf(self, rng: np.random.Generator) -> Finish:
        """Pick one of the leaf sheets."""
        return self.leaves[int(rng.integers(len(self.leaves)))]


def leaf_sheet(rng: np.random.Generator, height: int, width: int) -> UInt8[np.ndarray, "h w 3"]:
    """Paint overlapping leaves of one hue over dark gaps."""
    picture = Image.new("RGB", (2 * width, 2 * height), (22, 30, 14))
    draw = ImageDraw.Draw(picture)
    hue = np.array([0.32, 0.5, 0.18]) * rng.uniform(0.8, 1.2, 3)
    for _ in range(height * width // 60):
        x, y = rng.uniform(0, 2 * width), rng.uniform(0, 2 * height)
        long, thin, angle = rng.uniform(8, 20), rng.uniform(0.3, 0.6), rng.uniform(0, np.pi)
        turns = angle + np.array([0.0, 0.5 * np.pi, np.pi, 1.5 * np.pi])
        reach = long * np.array([1.0, thin, 1.0, thin])
        corners = [
            (float(x + r * np.cos(t)), float(y + r * np.sin(t)))
            for r, t in zip(reach, turns, strict=True)
        ]
        shade = 255 * hue * rng.uniform(0.35, 1.5)
        red, green, blue = (int(v) for v in np.clip(shade, 0, 255))
        draw.polygon(corners, fill=(red, green, blue))
    return np.asarray(picture.reduce(2))


def add_leaf_cloud(
    builder: SceneBuilder,
    greenery: Greenery,
    center_m: Float[np.ndarray, "3"],
    radii_m: tuple[float, float, float],
    *,
    num_cards: int,
    card_m: float,
    object_number: int = FIXED,
) -> None:
    """Fill the outer part of an ellipsoid with leafy cards of all orientations."""
    rng = builder.rng
    leaf = greenery.leaf(rng)
    for _ in range(num_cards):
        outward = rng.standard_normal(3)
        outward /= np.linalg.norm(outward)
        spot = center_m + outward * np.array(radii_m) * rng.uniform(0.6, 1.0)
        edges = rng.standard_normal((2, 3)) + 0.3
        edges[0] /= np.linalg.norm(edges[0])
        edges[1] -= 0.9 * (edges[1] @ edges[0]) * edges[0]
        edges[1] /= np.linalg.norm(edges[1])
        edges *= card_m * rng.uniform(0.6, 1.3, (2, 1))
        corner = spot - 0.5 * edges.sum(axis=0)
        builder.face(corner, edges[0], edges[1], finish=leaf, object_number=object_number)


def add_tree(
    builder: SceneBuilder, greenery: Greenery, on_ground: RigidTransform, height_m: float
) -> None:
    """Stand a tree: trunk, a few limbs, a crown of cards from 2.2 m up."""
    rng = builder.rng
    trunk_m = max(2.4, 0.5 * height_m)
    builder.box(on_ground, (0.26, 0.26, trunk_m), greenery.bark)
    crown_m = height_m - 2.2
    middle = on_ground.apply(np.array([[0.0, 0.0, 2.2 + 0.5 * crown_m]]))[0]
    reach = 0.42 * crown_m
    for _ in range(3):
        limb = on_ground @ placed(0.0, 0.0, trunk_m - 0.15, yaw_deg=float(rng.uniform(0, 360)))
        builder.box(limb @ placed(0.35, 0.0), (0.7, 0.1, 0.1), greenery.bark)
    radii = (reach, reach, 0.5 * crown_m)
    add_leaf_cloud(builder, greenery, middle, radii, num_cards=90, card_m=0.24 * crown_m)


def add_bush(
    builder: SceneBuilder,
    greenery: Greenery,
    on_ground: RigidTransform,
    radius_m: float,
    *,
    object_number: int = FIXED,
) -> None:
    """Plant a bush."""
    middle = on_ground.apply(np.array([[0.0, 0.0, 0.7 * radius_m]]))[0]
    radii = (radius_m, radius_m, 0.8 * radius_m)
    add_leaf_cloud(
        *(builder, greenery, middle, radii),
        num_cards=26,
        card_m=0.7 * radius_m,
        object_number=object_number,
    )


def add_planter(
    builder: SceneBuilder, greenery: Greenery, on_ground: RigidTransform, tub: Finish
) -> None:
    """Stand a movable tub with a small bush."""
    number = builder.new_object()
    builder.box(on_ground, (0.7, 0.7, 0.55), tub, top=greenery.soil, object_number=number)
    on_soil = on_ground @ placed(0.0, 0.0, 0.45)
    add_bush(builder, greenery, on_soil, 0.45, object_number=number)


def add_hedge(
    builder: SceneBuilder,
    greenery: Greenery,
    on_ground: RigidTransform,
    size_m: tuple[float, float, float],
) -> None:
    """Grow a hedge of (width, depth, height): a leafy box with an uneven coat."""
    rng = builder.rng
    width, depth, height = size_m
    builder.box(on_ground, (width, 0.7 * depth, 0.9 * height), greenery.leaf(rng))
    for x in np.arange(-width / 2, width / 2, 0.5):
        middle = on_ground.apply(np.array([[float(x) + 0.25, 0.0, 0.55 * height]]))[0]
        radii = (0.35, 0.5 * depth, 0.5 * height)
        add_leaf_cloud(builder, greenery, middle, radii, num_cards=7, card_m=0.38)


def add_ivy(
    builder: SceneBuilder, greenery: Greenery, on_wall: RigidTransform, size_m: tuple[float, float]
) -> None:
    """Let ivy climb a wall of (width, height) above `on_wall`, thinner towards the top."""
    rng = builder.rng
    width, height = size_m
    for _ in range(int(10 * width * height)):
        z = height * float(rng.beta(1.0, 1.6))
        x = float(rng.uniform(-0.5, 0.5)) * width
        spot = np.array([[x, -float(rng.uniform(0.02, 0.2)), z]])
        middle = on_wall.apply(spot)[0]
        add_leaf_cloud(*(builder, greenery, middle, (0.06, 0.06, 0.06)), num_cards=1, card_m=0.36)
