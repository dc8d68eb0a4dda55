"""Points of a scene as the codes of a map: so many of them, rounded so finely, in so many bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.anchored_file import expected_file_bytes, file_bytes
from neumap.codes.budget_search import largest_fit
from neumap.codes.code_space import CodeSpace
from neumap.codes.halving_coder import halvings_in_order
from neumap.scene.voxels import VoxelGrid

_FINER_LEVELS = (8, 16, 32, 64, 128, 256)  # of a code's value, where bytes are left over
_BISECTIONS = 10  # of the bits of an anchor: to less than a hundredth of a bit
_BACK = 0.01  # bits of an anchor that are given back where the file is a byte too long


@dataclass(frozen=True, kw_only=True, eq=False)
class PointCodes:
    """Makes codes of the first of some points, the most important one first."""

    xyz_in_world: Float[np.ndarray, "point 3"]
    header: Mapping[str, Any]
    """Header of the map, without what the codes say."""
    space: CodeSpace
    """Its levels are those that the values are rounded to."""
    grid: VoxelGrid | None
    anchor_bits: int | float
    """Bits of an anchor's coordinate (`AnchoredCodes.from_points`); with a grid a whole number."""
    has_order: bool
    """Whether the map says which codes came first."""

    def of(self, values: Float32[np.ndarray, "code value"]) -> AnchoredCodes:
        """Round values and anchors of as many points as there are values."""
        return AnchoredCodes.from_points(
            self.xyz_in_world[: len(values)],
            self.space.quantise(values),
            grid=self.grid,
            anchor_bits=self.anchor_bits,
            code_bits=self.space.bits,
            halvings=halvings_in_order(len(values)) if self.has_order else None,
        )

    def size(self, codes: AnchoredCodes) -> int:
        """Count the bytes of the map file."""
        return file_bytes(self.header, codes)

    def most_within(
        self, values: Float32[np.ndarray, "code value"], budget_bytes: int, *, least: int
    ) -> AnchoredCodes | None:
        """Return the codes of as many of the first points as fit; None if `least` do not."""
        return largest_fit(
            lambda count: self.of(values[:count]),
            expected_size=lambda codes: expected_file_bytes(self.header, codes),
            size=self.size,
            budget_bytes=budget_bytes,
            least=least,
            most=len(values),
        )

    def finest_within(
        self,
        values: Float32[np.ndarray, "code value"],
        budget_bytes: int,
        *,
        most_bits: int,
        most_levels: int = _FINER_LEVELS[-1],
    ) -> AnchoredCodes:
        """Use bytes that no further point can use: for finer values first, then for anchors.

        Anchors get up to `most_bits` bits a coordinate. Where not all points fit as they are,
        they are returned so.
        """

        def fits(finer: PointCodes) -> bool:
            return expected_file_bytes(self.header, finer.of(values)) <= budget_bytes

        best = self
        for num_levels in _FINER_LEVELS:
            finer = replace(self, space=self.space.with_levels(num_levels))
            if self.space.num_levels < num_levels <= most_levels and fits(finer):
                best = finer
        low, high = self.anchor_bits, max(most_bits, self.anchor_bits)
        if self.grid is not None:
            while low + 1 <= high and fits(replace(best, anchor_bits=low + 1)):
                low += 1
        elif fits(replace(best, anchor_bits=high)):
            low = high
        else:
            for _ in range(_BISECTIONS):
                middle = 0.5 * (low + high)
                is_in = fits(replace(best, anchor_bits=middle))
                low, high = (middle, high) if is_in else (low, middle)
        return best._checked(values, low, budget_bytes, fallback=self)

    def _checked(
        self,
        values: Float32[np.ndarray, "code value"],
        anchor_bits: int | float,
        budget_bytes: int,
        *,
        fallback: "PointCodes",
    ) -> AnchoredCodes:
        """Code with these bits, or with slightly fewer where the file is a byte too long."""
        step = _BACK if self.grid is None else 1
        while anchor_bits >= fallback.anchor_bits:
            codes = replace(self, anchor_bits=anchor_bits).of(values)
            if self.size(codes) <= budget_bytes:
                return codes
            anchor_bits -= step
        return fallback.of(values)
