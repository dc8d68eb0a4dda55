"""Maps of the anchored decoder: choose points within a budget of bytes and fit a code to each."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.budget_search import largest_count
from neumap.codes.code_space import CodeSpace
from neumap.codes.halving_coder import halvings_in_order
from neumap.codes.map_file import map_file_bytes
from neumap.codes.selection import select_by_coverage
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.errors import MappingError, OptionError
from neumap.scene.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.training.fit_anchored_codes import fit_anchored_codes
from neumap.training.match_rate import held_out_match_rate

MIN_CODES = 30
"""Fewer codes cannot carry a pose."""
ORDERED_FROM_BYTES = 8_000
"""From this budget on a map says which codes were chosen first, so that `neumap compress` can keep
these. It costs 2 bits a code, which smaller maps, that are hardly made smaller, do not spend."""
_MOST_RIVALS = 3_000
"""Points that compete where match rates are measured; decision 007 was made with as many."""
_LEAST_BITS = 16  # of a code in any map, to bound the search
_FIT_SURPLUS = 0.03  # of the codes, that are fitted in case fitted codes take fewer bytes
SCARCE_BYTES = 1_500
"""Below this budget anchors have steps of two pixels, for more codes (decision 007)."""
SCARCE_BITS = 2
"""Bits that each coordinate of an anchor has less then."""
_FINER_LEVELS = (8, 16)  # of a code's value, where bytes are left over
_FINEST_BITS = 16  # of an anchor coordinate: a 65,536th of the box
_FILLED = 0.98  # of the budget: a smaller map is explained


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchoredMappingConfig:
    """How points become codes."""

    voxel_side: float | None = None
    """Voxel edge in scene units; None puts one box round the scene."""
    anchor_bits: int | None = None
    """Bits of an anchor coordinate; None chooses them by the error they cause."""
    has_code_fit: bool = True
    """Fit the codes to all mapping views with the network frozen."""


def map_with_anchored_decoder(
    scene: Scene,
    decoder: AnchoredDecoder,
    header: dict[str, Any],
    *,
    budget_bytes: int,
    config: AnchoredMappingConfig,
    seed: int,
) -> Map:
    """Build a map of at most `budget_bytes`; OptionError if that holds fewer than 30 codes.

    `header` has all keys of a map file; origin and layout are completed here.
    """
    codes = codes_within_budget(
        scene, decoder, header, budget_bytes=budget_bytes, config=config, seed=seed
    )
    header, tensors = header_with_codes(header, codes), codes.to_tensors()
    num_bytes = len(map_file_bytes(header, tensors))
    warnings: tuple[str, ...] = ()
    if num_bytes < _FILLED * budget_bytes:
        left_over = f"All {len(codes)} points of the scene are in the map: {num_bytes} bytes"
        warnings = (f"{left_over} of {budget_bytes} are used.",)
    return Map(header, tensors, warnings=warnings)


def codes_within_budget(
    scene: Scene,
    decoder: AnchoredDecoder,
    header: dict[str, Any],
    *,
    budget_bytes: int,
    config: AnchoredMappingConfig,
    seed: int,
) -> AnchoredCodes:
    """Choose as many points by coverage as the budget holds, and fit a code to each."""
    grid = None
    if config.voxel_side is not None:
        grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=config.voxel_side)
    points = scene.points
    if grid is None:
        is_near = near_points(points.xyz_in_world)
        side = float(np.ptp(points.xyz_in_world[is_near], axis=0).max())
    else:
        is_near, side = grid.voxel_idx(points.xyz_in_world) >= 0, grid.side
    bits = config.anchor_bits if config.anchor_bits is not None else anchor_bits_of(scene, side)
    if config.anchor_bits is None and budget_bytes < SCARCE_BYTES:
        bits -= SCARCE_BITS
    most = min(int(is_near.sum()), max(8 * budget_bytes // _LEAST_BITS, MIN_CODES))
    chosen = _choose(scene, decoder, is_near, most)
    space = decoder.code_space
    codes_of = _Quantiser(
        *(scene, chosen, header),
        space=space,
        grid=grid,
        bits=bits,
        is_ordered=budget_bytes >= ORDERED_FROM_BYTES,
    )
    values = space.project(points.descriptors[chosen])
    count = _count_within(codes_of, values, budget_bytes)
    if count == is_near.sum():
        most_bits = _FINEST_BITS if config.anchor_bits is None else bits
        codes_of = codes_of.finest_within(values, budget_bytes, most_bits=most_bits)
    plain = codes_of(values[:count])
    if not config.has_code_fit:
        return plain
    # Fitted codes differ a little in their bytes: those that do not fit any more go, last ones
    # first, and a few more than fitted before take part in case they take less.
    num_fitted = min(len(chosen), count + math.ceil(_FIT_SURPLUS * count))
    fitted, _ = fit_anchored_codes(
        scene, chosen[:num_fitted], decoder, num_levels=codes_of.space.num_levels, seed=seed
    )
    kept = largest_count(
        lambda number: codes_of.size(fitted[:number]),
        budget_bytes=budget_bytes,
        least=MIN_CODES,
        most=num_fitted,
    )
    return plain if kept is None else codes_of(fitted[:kept])


def _choose(
    scene: Scene, decoder: AnchoredDecoder, is_near: Bool[np.ndarray, " point"], most: int
) -> Int[np.ndarray, " code"]:
    """Order near points by coverage, each weighted by how often held-out views match it."""
    weight = is_near.astype(np.float64)
    candidates = select_by_coverage(scene, _MOST_RIVALS, weight=weight)
    rate = held_out_match_rate(scene, candidates, decoder)
    weight *= rate.mean()  # what is known of points that were not tried
    weight[candidates] = rate * is_near[candidates]
    return select_by_coverage(scene, most, weight=weight)


class _Quantiser:
    """Codes as stored, of the first of the chosen points, and the bytes of their map."""

    def __init__(
        self,
        scene: Scene,
        chosen: Int[np.ndarray, " code"],
        header: dict[str, Any],
        *,
        space: CodeSpace,
        grid: VoxelGrid | None,
        bits: int,
        is_ordered: bool,
    ) -> None:
        self._xyz_in_world = scene.points.xyz_in_world[chosen]
        self._header, self._grid, self._bits = header, grid, bits
        self.space, self._is_ordered = space, is_ordered

    def __call__(self, values: Float32[np.ndarray, "code value"]) -> AnchoredCodes:
        """Quantise codes and anchors of as many points as there are values."""
        return AnchoredCodes.from_points(
            self._xyz_in_world[: len(values)],
            self.space.quantise(values),
            grid=self._grid,
            anchor_bits=self._bits,
            code_bits=self.space.bits,
            halvings=halvings_in_order(len(values)) if self._is_ordered else None,
        )

    def size(self, values: Float32[np.ndarray, "code value"]) -> int:
        """Bytes of the map file with these codes."""
        codes = self(values)
        return len(map_file_bytes(header_with_codes(self._header, codes), codes.to_tensors()))

    def finest_within(
        self, values: Float32[np.ndarray, "code value"], budget_bytes: int, *, most_bits: int
    ) -> "_Quantiser":
        """Use bytes that no further point can use: for finer values first, then for anchors."""
        values_first = [self._with(levels, self._bits) for levels in _FINER_LEVELS]
        finer = range(self._bits + 1, most_bits + 1)
        anchors_next = [self._with(_FINER_LEVELS[-1], bits) for bits in finer]
        ladder = [self, *values_first, *anchors_next]
        return ladder[bisect_right(ladder, budget_bytes, lo=1, key=lambda q: q.size(values)) - 1]

    def _with(self, num_levels: int, bits: int) -> "_Quantiser":
        other = copy(self)
        other.space, other._bits = self.space.with_levels(num_levels), bits
        return other


def _count_within(
    codes_of: _Quantiser, values: Float32[np.ndarray, "code value"], budget_bytes: int
) -> int:
    """Number of the first codes that fit; typed errors where 30 do not."""
    if len(values) < MIN_CODES:
        raise MappingError(
            "scene points",
            f"there are only {len(values)}, expected at least {MIN_CODES}",
            "Take photos that overlap by half, of a textured place.",
        )
    count = largest_count(
        lambda number: codes_of.size(values[:number]),
        budget_bytes=budget_bytes,
        least=MIN_CODES,
        most=len(values),
    )
    if count is not None:
        return count
    raise OptionError(
        "--budget",
        f"{budget_bytes} bytes do not hold a map of {MIN_CODES} codes",
        f"Give at least {codes_of.size(values[:MIN_CODES])} bytes.",
    )


def near_points(xyz_in_world: Float[np.ndarray, "point 3"]) -> Bool[np.ndarray, " point"]:
    """Tell which points lie in the robust bounds (1st to 99th percentile) grown by a quarter.

    A few points far away would stretch the box that all anchors are rounded in.
    """
    low, high = np.percentile(xyz_in_world, [1.0, 99.0], axis=0)
    margin = 0.25 * (high - low)
    return ((xyz_in_world >= low - margin) & (xyz_in_world <= high + margin)).all(axis=1)


def anchor_bits_of(scene: Scene, side: float) -> int:
    """Bits that keep a step of the anchors below half a pixel at the views' median depth.

    `side` is the largest edge of the box they are rounded in. Rounding then adds 0.15 px to an
    error of about one.
    """
    points = scene.points
    pixel_sizes: list[float] = []
    for index, view in enumerate(scene.views):
        own = points.obs_point_idx[points.obs_view_idx == index]
        if len(own):
            depth = view.cam_from_world.apply(points.xyz_in_world[own])[:, 2]
            pixel_sizes.append(float(np.median(depth)) / view.camera.focal_px)
    steps = side / max(0.5 * float(np.median(pixel_sizes)), 1e-12)
    return int(np.clip(np.ceil(np.log2(max(steps, 2.0))), 8, 20))


def header_with_codes(header: Mapping[str, Any], codes: AnchoredCodes) -> dict[str, Any]:
    """Return the header with what the codes need to be read."""
    return {
        **header,
        "origin": [float(v) for v in codes.origin],
        "layout": {**header["layout"], **codes.layout()},
    }
