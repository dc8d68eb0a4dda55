"""Parked cars and vans: equal makes in several colours, movable as one thing."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from neumap.geometry import RigidTransform
from neumap.rendering import prints
from neumap.rendering.noise import random_color, to_uint8
from neumap.rendering.scene import Finish, SceneBuilder, placed

CAR_M = (4.2, 1.75)
"""Length and width of every vehicle."""
_GLASS = (26, 32, 38)


@dataclass(frozen=True)
class Livery:
    """One colour of the make of car."""

    side: Finish
    end: Finish
    paint: Finish
    glass: Finish

    @classmethod
    def draw(cls, builder: SceneBuilder) -> "Livery":
        """Paint a car."""
        rng = builder.rng
        color = to_uint8(random_color(rng, low=0.1, high=0.9)[None, None])[0, 0]
        red, green, blue = (int(v) for v in color)
        paint = (red, green, blue)
        glass = np.full((60, 100, 3), _GLASS, np.uint8)
        glass[::17, ::9] = 60
        return cls(
            builder.finish(_side(paint), gloss=0.3),
            builder.finish(_end(rng, paint), gloss=0.3),
            builder.finish(np.full((16, 16, 3), paint, np.uint8), gloss=0.5),
            builder.finish(glass, gloss=0.7),
        )


def add_car(builder: SceneBuilder, livery: Livery, on_ground: RigidTransform) -> int:
    """Park a car, its length along x; return its object number."""
    number = builder.new_object()
    length, width = CAR_M
    body = (length, width, 0.85)
    builder.box(on_ground, body, livery.side, top=livery.paint, object_number=number)
    for side in (-1, 1):
        at = on_ground @ placed(side * (length / 2 + 0.01), 0.0, 0.25, yaw_deg=90.0 * side)
        builder.panel(at, (width, 0.6), livery.end, object_number=number)
    cabin = on_ground @ placed(-0.2, 0.0, 0.85)
    long = 1.9
    builder.box(
        cabin, (long, 0.92 * width, 0.55), livery.glass, top=livery.paint, object_number=number
    )
    for side, run in ((1, 0.75), (-1, 0.55)):
        top = cabin.apply(np.array([[side * long / 2, -0.46 * width, 0.54]]))[0]
        across = cabin.rotation @ np.array([0.0, 0.92 * width, 0.0])
        down = cabin.rotation @ np.array([side * run, 0.0, -0.54])
        builder.face(top, across, down, finish=livery.glass, object_number=number)
    return number


def add_van(builder: SceneBuilder, livery: Livery, on_ground: RigidTransform) -> int:
    """Park a delivery van with prints of its own on its sides; return its object number."""
    rng, number = builder.rng, builder.new_object()
    length, width = CAR_M
    advert = builder.finish(prints.poster(rng, 110, 200), gloss=0.1)
    builder.box(on_ground, (length, width, 0.8), livery.side, object_number=number)
    hold = on_ground @ placed(-0.5, 0.0, 0.8)
    builder.box(hold, (length - 1.0, width, 1.3), livery.paint, object_number=number)
    for side in (-1, 1):
        at = hold @ placed(0.0, side * (width / 2 + 0.01), 0.1, yaw_deg=90.0 + 90.0 * side)
        builder.panel(at, (2.4, 1.1), advert, object_number=number)
    cab = on_ground @ placed(length / 2 - 0.55, 0.0, 0.8)
    builder.box(cab, (0.9, 0.95 * width, 0.8), livery.glass, object_number=number)
    return number


def _side(paint: tuple[int, int, int]) -> UInt8[np.ndarray, "96 420 3"]:
    """Draw wheels, sills and doors."""
    picture = Image.new("RGB", (840, 192), paint)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 150, 840, 192), fill=(15, 15, 15))
    for x in (150, 660):
        draw.ellipse((x - 80, 70, x + 80, 230), fill=(18, 18, 18))
        draw.ellipse((x - 48, 98, x + 48, 194), fill=(150, 150, 155))
        for turn in np.linspace(0, 2 * np.pi, 6)[:-1]:
            end = (x + 44 * float(np.cos(turn)), 146 + 44 * float(np.sin(turn)))
            draw.line((x, 146, *end), fill=(50, 50, 52), width=9)
    for x in (270, 420, 560):
        draw.line((x, 0, x, 150), fill=(20, 20, 20), width=4)
    for x in (400, 545):
        draw.rectangle((x - 34, 34, x, 46), fill=(190, 190, 190))
    return np.asarray(picture.reduce(2))


def _end(rng: np.random.Generator, paint: tuple[int, int, int]) -> UInt8[np.ndarray, "60 175 3"]:
    """Draw lights, grille and a number plate of its own."""
    picture = Image.new("RGB", (350, 120), paint)
    draw = ImageDraw.Draw(picture)
    for x in (8, 282):
        draw.rectangle((x, 12, x + 60, 50), fill=(235, 225, 190), outline=(10, 10, 10), width=4)
    draw.rectangle((90, 20, 260, 60), fill=(20, 20, 20))
    draw.rectangle((105, 74, 245, 106), fill=(240, 240, 235))
    prints.glyph_line(rng, draw, (112.0, 79.0, 240.0, 101.0), ink=(10, 10, 30))
    return np.asarray(picture.reduce(2))
