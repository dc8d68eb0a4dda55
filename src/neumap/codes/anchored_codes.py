"""Thin codes with an anchor (`decoder.md`, section 3): what a point looks like and where it is."""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int

from neumap.codes.code_length import expected_bytes
from neumap.codes.halving_coder import bits_of_halvings
from neumap.codes.position_coder import morton_keys
from neumap.codes.voxel_stream import AxisBits, decode_voxel, encode_voxel, num_position_bytes
from neumap.codes.voxel_table import VoxelTable
from neumap.errors import MapFileError
from neumap.scene.voxels import VoxelGrid

_Coded = TypeVar("_Coded")
MAX_CODE_BITS = 8
_LAYOUT_KEYS = frozenset("kqewzi")  # docs/map_format.md


@dataclass(frozen=True, eq=False)
class AnchoredCodes:
    """The codes of one scene, sorted by voxel and along a Morton curve in it, as stored."""

    levels: Int[np.ndarray, "code value"]
    """Quantised appearance, 0 to 2**code_bits - 1; a decoder's `CodeSpace` says what they mean."""
    anchor_levels: Int[np.ndarray, "code 3"]
    """Position within the voxel's box in steps, 0 to 2**axis_bits - 1 on each axis."""
    voxel_idx: Int[np.ndarray, " code"]
    cells: Int[np.ndarray, "voxel 3"]
    """Integer position of each voxel's box."""
    origin: Float[np.ndarray, "3"]
    """World position (float64) of the lower corner of cell (0, 0, 0)."""
    step: float
    """Scene units between the positions that an anchor can have, the same on all axes."""
    axis_bits: AxisBits
    """Bits of an anchor's coordinates: a voxel's box is step * 2**axis_bits."""
    code_bits: int = 4
    """Bits of a value of `levels`."""
    halvings: Int[np.ndarray, " code"] | None = None
    """How many halvings of the map a code outlasts, 0 to 7; None where the map does not say."""

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.levels)

    @property
    def extent(self) -> Float[np.ndarray, "3"]:
        """Size of a voxel's box in scene units."""
        return self.step * 2.0 ** np.array(self.axis_bits)

    @property
    def anchors_in_world(self) -> Float[np.ndarray, "code 3"]:
        """Anchor positions in scene units."""
        corner = self.origin + self.cells[self.voxel_idx] * self.extent
        return corner + (self.anchor_levels + 0.5) * self.step

    @classmethod
    def from_points(
        cls,
        xyz_in_world: Float[np.ndarray, "code 3"],
        levels: Int[np.ndarray, "code value"],
        *,
        grid: VoxelGrid | None = None,
        anchor_bits: int | float = 12,
        code_bits: int = 4,
        halvings: Int[np.ndarray, " code"] | None = None,
    ) -> "AnchoredCodes":
        """Quantise anchors; without a grid in one box around them, whose edges may differ.

        `anchor_bits` are those of the box's longest edge: a step is its 2**anchor_bits-th part.
        They need not be whole without a grid. With one, points outside its voxels, and bits that
        are not whole, raise ValueError.
        """
        if grid is None:
            origin, step, axis_bits = _short_box(xyz_in_world, anchor_bits)
            cells = np.zeros((1, 3), dtype=np.int64)
            voxel_idx = np.zeros(len(xyz_in_world), dtype=np.int64)
        else:
            voxel_idx = grid.voxel_idx(xyz_in_world)
            if (voxel_idx < 0).any():
                raise ValueError(f"{int((voxel_idx < 0).sum())} points lie in no voxel")
            if anchor_bits != int(anchor_bits):
                raise ValueError(f"{anchor_bits} bits of an edge are not whole")
            origin, step, cells = grid.origin, grid.side / 2**anchor_bits, grid.cells
            axis_bits = (int(anchor_bits), int(anchor_bits), int(anchor_bits))
        num_steps = 2 ** np.array(axis_bits)
        corner = origin + cells[voxel_idx] * (step * num_steps)
        scaled = np.floor((xyz_in_world - corner) / step)
        anchors = np.clip(scaled, 0, num_steps - 1).astype(np.int64)
        order = np.lexsort((morton_keys(anchors, axis_bits), voxel_idx))
        return cls(
            *(levels[order], anchors[order], voxel_idx[order], cells, origin, step, axis_bits),
            code_bits=code_bits,
            halvings=None if halvings is None else halvings[order],
        )

    def to_tensors(self) -> dict[str, np.ndarray]:
        """Return the entropy-coded bytes; several voxels (or one away from cell 0) have a table."""
        return self._tensors_of(self._streams)

    def blank_tensors(self) -> dict[str, np.ndarray]:
        """Return zeros of the sizes of `to_tensors`, to a byte or two a voxel, without coding."""
        return self._tensors_of([bytes(size) for size in self._of_each_voxel(expected_bytes)])

    @cached_property
    def _streams(self) -> list[bytes]:
        return self._of_each_voxel(encode_voxel)

    def _of_each_voxel(self, code: Callable[..., _Coded]) -> list[_Coded]:
        """Call what codes one voxel's stream, or tells its bytes, on all of them."""
        return [
            code(
                self.anchor_levels[own],
                self.levels[own],
                axis_bits=self.axis_bits,
                num_levels=2**self.code_bits,
                halvings=None if self.halvings is None else self.halvings[own],
            )
            for own in self._voxel_slices()
        ]

    def _tensors_of(self, streams: list[bytes]) -> dict[str, np.ndarray]:
        tensors = {"codes": np.frombuffer(b"".join(streams), dtype=np.uint8)}
        if len(self.cells) > 1 or self.cells.any():
            table = VoxelTable.of_streams(self.cells, streams)
            tensors["tables"] = np.frombuffer(table.to_bytes(), dtype=np.uint8)
        return tensors

    def num_anchor_bytes(self) -> int:
        """Count the bytes of `to_tensors` that anchors take, to a byte a voxel."""
        return sum(
            num_position_bytes(self.anchor_levels[own], self.axis_bits)
            for own in self._voxel_slices()
        )

    def value_bits(self) -> tuple[float, float]:
        """Bits that a value takes in the file, and its entropy by the frequencies of the levels.

        The entropy is that of all values of the map as one: neighbours bring the coder below it.
        """
        total = 8 * (sum(len(stream) for stream in self._streams) - self.num_anchor_bytes())
        if self.halvings is not None:
            total -= bits_of_halvings(self.halvings)
        counts = np.bincount(self.levels.ravel())
        share = counts[counts > 0] / max(self.levels.size, 1)
        return total / max(self.levels.size, 1), float(-(share * np.log2(share)).sum())

    def _voxel_slices(self) -> list[slice]:
        ends = np.searchsorted(self.voxel_idx, np.arange(len(self.cells) + 1)).tolist()
        return [slice(begin, end) for begin, end in itertools.pairwise(ends)]

    def layout(self) -> dict[str, Any]:
        """Return what the map's header must say to read the tensors; the origin goes elsewhere."""
        ordered: dict[str, Any] = {} if self.halvings is None else {"i": 1}
        shape = {"w": self.levels.shape[1], "z": self.code_bits}
        return {"e": float(self.step), **shape, **ordered}

    @classmethod
    def from_tensors(
        cls,
        tensors: Mapping[str, np.ndarray],
        *,
        layout: Mapping[str, Any],
        origin: Float[np.ndarray, "3"],
    ) -> "AnchoredCodes":
        """Decode; MapFileError names the part that does not fit."""
        codes, table_bytes = _bytes_of(tensors, "codes"), _bytes_of(tensors, "tables")
        if codes is None:
            raise _misfit("codes are missing or of another type")
        try:
            if table_bytes is None:
                table = VoxelTable.of_streams(np.zeros((1, 3), dtype=np.int64), [codes])
            else:
                table = VoxelTable.from_bytes(table_bytes)
            streams = table.streams_of(codes)
            return cls.from_streams(streams, cells=table.cells, layout=layout, origin=origin)
        except ValueError as error:
            raise _misfit(str(error)) from error

    @classmethod
    def from_streams(
        cls,
        streams: list[bytes],
        *,
        cells: Int[np.ndarray, "voxel 3"],
        layout: Mapping[str, Any],
        origin: Float[np.ndarray, "3"],
    ) -> "AnchoredCodes":
        """Decode the streams of some voxels; ValueError says what does not fit."""
        unknown = sorted(set(layout) - _LAYOUT_KEYS)
        if unknown:
            raise ValueError(f"the layout has keys that are not known: {', '.join(unknown)}")
        step, code_bits, num_values = layout.get("e"), layout.get("z"), layout.get("w")
        if (
            type(step) is bool
            or not isinstance(step, int | float)
            or not (math.isfinite(step) and step > 0)
        ):
            raise ValueError(f"a step of {step!r} is impossible")
        if type(code_bits) is not int or not 1 <= code_bits <= MAX_CODE_BITS:
            raise ValueError(f"values of {code_bits!r} bits are not known")
        if type(num_values) is not int or not 1 <= num_values <= 1024:
            raise ValueError(f"codes of {num_values!r} values are not known")
        if layout.get("i", 1) != 1 or type(layout.get("i", 1)) is not int:
            raise ValueError(f"an order of kind {layout.get('i')!r} is not known")
        decoded = [
            decode_voxel(
                stream,
                num_levels=2**code_bits,
                num_values=num_values,
                has_halvings="i" in layout,
            )
            for stream in streams
        ]
        if len({voxel.axis_bits for voxel in decoded}) != 1:
            raise ValueError("there are no voxels, or voxels of different bits")
        counts = [len(voxel.positions) for voxel in decoded]
        halvings = [voxel.halvings for voxel in decoded if voxel.halvings is not None]
        return cls(
            np.concatenate([voxel.levels for voxel in decoded]),
            np.concatenate([voxel.positions for voxel in decoded]),
            np.repeat(np.arange(len(counts)), counts),
            *(cells, origin, float(step), decoded[0].axis_bits),
            code_bits=code_bits,
            halvings=np.concatenate(halvings) if halvings else None,
        )


def _short_box(
    xyz_in_world: Float[np.ndarray, "point 3"], anchor_bits: int | float
) -> tuple[Float[np.ndarray, "3"], float, AxisBits]:
    """Origin, step and bits of a box around points, in few digits, so that the header stays short.

    Digits are cut in proportion to the extent, not to the distance from the world's origin.
    """
    low, high = xyz_in_world.min(axis=0), xyz_in_world.max(axis=0)
    size = max(float((high - low).max()), 1e-6)
    places = 2 - math.floor(math.log10(size))  # of the origin: at most a hundredth of the box
    unit = 10.0**-places
    origin = np.array([round(math.floor(value / unit) * unit, max(places, 0)) for value in low])
    size = float((high - origin).max()) * 1.000001 + 1e-9
    step = _rounded_up(size / 2**anchor_bits)
    num_steps = np.maximum(np.ceil((high - origin) / step + 1e-6), 1.0)
    most = math.ceil(anchor_bits)
    x, y, z = (min(int(bits), most) for bits in np.ceil(np.log2(num_steps)))
    return origin, step, (x, y, z)


def _rounded_up(value: float) -> float:
    """The next number of three digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{math.ceil(value / unit) * unit:.3g}")


def _bytes_of(tensors: Mapping[str, np.ndarray], name: str) -> bytes | None:
    array = tensors.get(name)
    if array is None or array.dtype != np.uint8 or array.ndim != 1:
        return None
    return array.tobytes()


def _misfit(reason: str) -> MapFileError:
    return MapFileError("map", reason, "Build the map again with `neumap map`.")
