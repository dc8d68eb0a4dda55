"""The ground plan of a town: blocks between straight streets, and a walk through all of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

BlockKind = Literal["closed", "court", "square", "park"]
Axis = Literal["x", "y"]

PAVEMENT_M = 2.2
"""Width of the raised pavement on either side of a street."""
_KINDS: tuple[BlockKind, ...] = ("square", "court", "park", "court", "closed", "closed", "court")
"""Kinds are dealt from shuffled decks of these."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A rectangle of ground between streets."""

    low_m: tuple[float, float]
    high_m: tuple[float, float]
    kind: BlockKind

    @property
    def size_m(self) -> tuple[float, float]:
        """Extent in x and y."""
        return self.high_m[0] - self.low_m[0], self.high_m[1] - self.low_m[1]

    @property
    def middle_m(self) -> tuple[float, float]:
        """Centre."""
        return 0.5 * (self.high_m[0] + self.low_m[0]), 0.5 * (self.high_m[1] + self.low_m[1])

    @property
    def is_open(self) -> bool:
        """Whether one can walk in, from the street in the south, at the middle."""
        return self.kind != "closed"


@dataclass(frozen=True, kw_only=True)
class Street:
    """A straight street through the whole town."""

    axis: Axis
    """Which way it runs."""
    position_m: float
    """The other coordinate of its centre line."""
    width_m: float


@dataclass(frozen=True, kw_only=True)
class TownPlan:
    """Blocks in rows from south-west to north-east; the ground is z = 0."""

    blocks: tuple[Block, ...]
    streets: tuple[Street, ...]
    size_m: tuple[float, float]
    """Extent from the origin to the outer edge of the border streets."""

    @classmethod
    def draw(cls, rng: np.random.Generator, *, num_blocks: tuple[int, int] = (5, 4)) -> "TownPlan":
        """Lay out blocks of 34 to 44 m and streets of 10 to 13 m."""
        blocks_x, streets_x, length_x = _spans(rng, num_blocks[0])
        blocks_y, streets_y, length_y = _spans(rng, num_blocks[1])
        total = num_blocks[0] * num_blocks[1]
        deck = [_KINDS[i] for _ in range(total) for i in rng.permutation(len(_KINDS))]
        blocks = tuple(
            Block(low_m=(x[0], y[0]), high_m=(x[1], y[1]), kind=deck.pop())
            for y in blocks_y
            for x in blocks_x
        )
        streets = [Street(axis="x", position_m=p, width_m=w) for p, w in streets_y]
        streets += [Street(axis="y", position_m=p, width_m=w) for p, w in streets_x]
        return cls(blocks=blocks, streets=tuple(streets), size_m=(length_x, length_y))

    def route(self, *, step_m: float = 0.5) -> Float[np.ndarray, "point 2"]:
        """Points along a walk through every street, with a look into every open block."""
        along_x = sorted(s.position_m for s in self.streets if s.axis == "x")
        along_y = sorted(s.position_m for s in self.streets if s.axis == "y")
        corners: list[tuple[float, float]] = []
        is_eastward = True
        for y in along_x:
            ends = (along_y[0], along_y[-1]) if is_eastward else (along_y[-1], along_y[0])
            corners.append((ends[0], y))
            visits = [b for b in self.blocks if b.is_open and _is_just_north(b, y, along_x)]
            for block in sorted(visits, key=lambda b: b.middle_m[0], reverse=not is_eastward):
                corners += _visit(block, y)
            corners.append((ends[1], y))
            is_eastward = not is_eastward
        columns = along_y if corners[-1][0] == along_y[0] else along_y[::-1]
        is_southward = True
        for x in columns:
            ends = (along_x[-1], along_x[0]) if is_southward else (along_x[0], along_x[-1])
            corners += [(x, ends[0]), (x, ends[1])]
            is_southward = not is_southward
        return _resampled(np.array(corners), step_m)


def _spans(
    rng: np.random.Generator, num_blocks: int
) -> tuple[list[tuple[float, float]], list[tuple[float, float]], float]:
    """Bounds of blocks, (centre, width) of the streets around them, and the length of all."""
    blocks: list[tuple[float, float]] = []
    streets: list[tuple[float, float]] = []
    at = 0.0
    for number in range(num_blocks + 1):
        width = float(rng.uniform(10.0, 13.0))
        streets.append((at + width / 2, width))
        at += width
        if number < num_blocks:
            side = float(rng.uniform(34.0, 44.0))
            blocks.append((at, at + side))
            at += side
    return blocks, streets, at


def _is_just_north(block: Block, street_y: float, streets_y: list[float]) -> bool:
    south = max(y for y in streets_y if y < block.low_m[1])
    return south == street_y


def _visit(block: Block, street_y: float) -> list[tuple[float, float]]:
    """In at the gate, round the middle, and out again."""
    x, y = block.middle_m
    round_the_middle = [(4.0, -4.0), (4.0, 4.0), (-4.0, 4.0), (-4.0, -4.0)]
    inside = [(x + dx, y + dy) for dx, dy in round_the_middle]
    return [(x, street_y), (x, y - 6.0), *inside, (x, y - 6.0), (x, street_y)]


def _resampled(
    corners: Float[np.ndarray, "corner 2"], step_m: float
) -> Float[np.ndarray, "point 2"]:
    """Points at equal distances along the lines through the corners."""
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.arange(0.0, ends[-1], step_m)
    return np.column_stack([np.interp(at, ends, corners[:, axis]) for axis in (0, 1)])
