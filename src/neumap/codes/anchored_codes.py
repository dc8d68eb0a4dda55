"""Thin codes with an anchor (`decoder.md`, section 3): what a point looks like and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from neumap.errors import MapFileError
from neumap.scene.voxels import VoxelGrid


@dataclass(frozen=True, eq=False)
class AnchoredCodes:
    """The codes of one scene, sorted by voxel, exactly as stored."""

    levels: Int[np.ndarray, "code value"]
    """Quantised appearance, 0 to 2**code_bits - 1; a decoder's `CodeSpace` says what they mean."""
    anchor_levels: Int[np.ndarray, "code 3"]
    """Quantised position within the voxel's box, 0 to 2**anchor_bits - 1."""
    voxel_idx: Int[np.ndarray, " code"]
    cells: Int[np.ndarray, "voxel 3"]
    """Integer position of each voxel's box."""
    origin: Float[np.ndarray, "3"]
    """World position (float64) of the lower corner of cell (0, 0, 0)."""
    extent: Float[np.ndarray, "3"]
    """Size of a voxel's box in scene units; the side, thrice, if there are several voxels."""
    anchor_bits: int
    code_bits: int = 4
    """Bits of a value of `levels`."""

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.levels)

    @property
    def anchors_in_world(self) -> Float[np.ndarray, "code 3"]:
        """Anchor positions in scene units."""
        corner = self.origin + self.cells[self.voxel_idx] * self.extent
        return corner + (self.anchor_levels + 0.5) / 2**self.anchor_bits * self.extent

    @classmethod
    def from_points(
        cls,
        xyz_in_world: Float[np.ndarray, "code 3"],
        levels: Int[np.ndarray, "code value"],
        *,
        grid: VoxelGrid | None = None,
        anchor_bits: int = 12,
        code_bits: int = 4,
    ) -> "AnchoredCodes":
        """Quantise anchors; without a grid in one box around them, whose edges may differ.

        With a grid, points outside its voxels raise ValueError; so does a code that does not fill
        whole bytes.
        """
        if levels.shape[1] * code_bits % 8:
            raise ValueError(f"{levels.shape[1]} values of {code_bits} bits fill no whole bytes")
        if grid is None:
            origin, extent = _short_box(xyz_in_world)
            cells = np.zeros((1, 3), dtype=np.int64)
            voxel_idx = np.zeros(len(xyz_in_world), dtype=np.int64)
        else:
            voxel_idx = grid.voxel_idx(xyz_in_world)
            if (voxel_idx < 0).any():
                raise ValueError(f"{int((voxel_idx < 0).sum())} points lie in no voxel")
            origin, extent, cells = grid.origin, np.full(3, grid.side), grid.cells
        corner = origin + cells[voxel_idx] * extent
        scaled = np.floor((xyz_in_world - corner) / extent * 2**anchor_bits)
        anchors = np.clip(scaled, 0, 2**anchor_bits - 1).astype(np.int64)
        order = np.argsort(voxel_idx, kind="stable")
        return cls(
            *(levels[order], anchors[order], voxel_idx[order], cells, origin, extent),
            anchor_bits=anchor_bits,
            code_bits=code_bits,
        )

    def to_tensors(self) -> dict[str, np.ndarray]:
        """Return packed bytes: whole bytes a code, anchors as a bit stream, voxel tables."""
        tensors: dict[str, np.ndarray] = {
            "codes": pack_bits(self.levels.reshape(-1), self.code_bits).reshape(len(self), -1),
            "anchors": pack_bits(self.anchor_levels.reshape(-1), self.anchor_bits),
        }
        if len(self.cells) > 1 or self.cells.any():  # else the one voxel is at the origin
            counts = np.bincount(self.voxel_idx, minlength=len(self.cells))
            tensors["tables"] = np.concatenate([self.cells, counts[:, None]], 1).astype(np.int32)
        return tensors

    def layout(self) -> dict[str, Any]:
        """Return what the map's header must say to read the tensors; the origin goes elsewhere."""
        return {"b": self.anchor_bits, "z": self.code_bits, "e": [float(v) for v in self.extent]}

    @classmethod
    def from_tensors(
        cls,
        tensors: Mapping[str, np.ndarray],
        *,
        layout: Mapping[str, Any],
        origin: Float[np.ndarray, "3"],
    ) -> "AnchoredCodes":
        """Unpack; MapFileError names the part that does not fit."""
        codes, anchors = tensors.get("codes"), tensors.get("anchors")
        if codes is None or anchors is None or codes.ndim != 2 or codes.dtype != np.uint8:
            raise _misfit("codes or anchors are missing or of another type")
        bits, code_bits, extent = layout.get("b"), layout.get("z"), _extent(layout.get("e"))
        if type(bits) is not int or not 1 <= bits <= 32 or extent is None:  # a bool is an int too
            raise _misfit("the layout's bits or extent are impossible")
        if type(code_bits) is not int or code_bits not in (1, 2, 4, 8):
            raise _misfit(f"values of {code_bits!r} bits are not known")
        if anchors.dtype != np.uint8 or anchors.shape != ((len(codes) * 3 * bits + 7) // 8,):
            raise _misfit(f"anchors of shape {anchors.shape} do not fit {len(codes)} codes")
        table = tensors.get("tables", np.array([[0, 0, 0, len(codes)]]))
        if table.ndim != 2 or table.shape[1] != 4 or not np.issubdtype(table.dtype, np.integer):
            raise _misfit("the voxel table is of another shape or type")
        counts = table[:, 3].astype(np.int64)
        # Each alone first: a sum of huge counts may wrap around to the right number.
        is_possible = bool(((counts >= 0) & (counts <= len(codes))).all())
        if not is_possible or int(counts.sum()) != len(codes):
            raise _misfit("the voxel table does not add up to the number of codes")
        num_values = codes.shape[1] * 8 // code_bits
        levels = unpack_bits(codes.reshape(-1), code_bits, count=len(codes) * num_values)
        anchor_levels = unpack_bits(anchors, bits, count=len(codes) * 3).reshape(-1, 3)
        voxel_idx = np.repeat(np.arange(len(counts)), counts)
        cells = table[:, :3].astype(np.int64)
        return cls(
            *(levels.reshape(len(codes), num_values), anchor_levels, voxel_idx, cells),
            *(origin, extent),
            anchor_bits=bits,
            code_bits=code_bits,
        )


def pack_bits(values: Int[np.ndarray, " n"], bits: int) -> UInt8[np.ndarray, " byte"]:
    """Write unsigned integers as one big-endian bit stream, zero-padded to a byte."""
    table = (values[:, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(table.astype(np.uint8).reshape(-1))


def unpack_bits(
    stream: UInt8[np.ndarray, " byte"], bits: int, *, count: int
) -> Int[np.ndarray, " n"]:
    """Read back what `pack_bits` wrote."""
    table = np.unpackbits(stream, count=count * bits).reshape(count, bits).astype(np.int64)
    return table @ (1 << np.arange(bits - 1, -1, -1))


def _short_box(
    xyz_in_world: Float[np.ndarray, "point 3"],
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Origin and extent of a box around points, in few digits, so that the header stays short.

    Digits are cut in proportion to the extent, not to the distance from the world's origin.
    """
    low, high = xyz_in_world.min(axis=0), xyz_in_world.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    unit = 10.0 ** np.floor(np.log10(1e-4 * size))
    decimals = [max(0, -int(power)) for power in np.log10(unit).round()]
    origin = [
        round(float(np.floor(value / step) * step), places)
        for value, step, places in zip(low, unit, decimals, strict=True)
    ]
    extent = [float(f"{value:.7g}") for value in (high - origin) * 1.00001 + 1e-6]
    return np.array(origin), np.array(extent)


def _extent(value: object) -> Float[np.ndarray, "3"] | None:
    """Read a box's size from a header, None if it is not three positive numbers."""
    if not isinstance(value, list) or not all(type(v) in (int, float) for v in value):
        return None
    extent = np.array(value, dtype=np.float64)
    usable = extent.shape == (3,) and bool((extent > 0).all() and np.isfinite(extent).all())
    return extent if usable else None


def _misfit(reason: str) -> MapFileError:
    return MapFileError("map", reason, "Build the map again with `neumap map`.")
