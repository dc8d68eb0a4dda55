"""Maps of the anchored decoder: choose points within a budget of bytes and fit a code to each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.anchored_file import file_bytes, header_with_codes
from neumap.codes.code_space import CodeSpace
from neumap.codes.point_codes import PointCodes
from neumap.codes.position_coder import MAX_KEY_BITS
from neumap.codes.selection import select_by_coverage
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.errors import MappingError, OptionError
from neumap.scene.point_precision import point_precision
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
_FINER_BITS = 6
"""Bits that a coordinate of an anchor may gain where bytes are left over.

They take as many bytes as one more bit of the values, so that every size is met within 2 %.
"""
_FINEST_BITS = 18
"""Bits that it may have in any case, for the same reason where `neumap compress` starts at 12."""
FILLED = 0.98
"""Share of its budget that a map has at least, or it tells why it has less."""


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
    num_bytes = file_bytes(header, codes)
    warnings: tuple[str, ...] = ()
    if num_bytes < FILLED * budget_bytes:
        left_over = (
            f"All {len(codes)} points of the scene are in the map, as finely as codes can be"
        )
        warnings = (f"{left_over}: {num_bytes} bytes of {budget_bytes} are used.",)
    return Map(header_with_codes(header, codes), codes.to_tensors(), warnings=warnings)


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
    ordered = order_points(scene, decoder, config=config, budget_bytes=budget_bytes)
    codes_of = ordered.codes_of(scene, decoder.code_space, header, budget_bytes=budget_bytes)
    values = decoder.code_space.project(scene.points.descriptors[ordered.point_idx])
    plain = ordered.within(codes_of, values, budget_bytes)
    if plain is None:
        raise OptionError(
            "--budget",
            f"{budget_bytes} bytes do not hold a map of {MIN_CODES} codes",
            f"Give at least {codes_of.size(codes_of.of(values[:MIN_CODES]))} bytes.",
        )
    if not config.has_code_fit:
        return plain
    # Fitted codes differ a little in their bytes: those that do not fit any more go, last ones
    # first, and a few more than fitted before take part in case they take less.
    num_fitted = min(len(values), len(plain) + math.ceil(_FIT_SURPLUS * len(plain)))
    fitted, _ = fit_anchored_codes(
        scene,
        ordered.point_idx[:num_fitted],
        decoder,
        num_levels=2**plain.code_bits,
        seed=seed,
    )
    kept = ordered.within(codes_of, fitted, budget_bytes)
    return plain if kept is None else kept


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderedPoints:
    """Points of a scene in the order in which they get codes, and what anchors are rounded in."""

    point_idx: Int[np.ndarray, " point"]
    num_near: int
    """Points of the scene that may have a code; `point_idx` may have fewer."""
    grid: VoxelGrid | None
    anchor_bits: int
    has_fixed_bits: bool
    """Whether the bits were given, so that no budget changes them."""

    def codes_of(
        self, scene: Scene, space: CodeSpace, header: Mapping[str, Any], *, budget_bytes: int
    ) -> PointCodes:
        """Return what makes codes of them as a map of this size rounds them."""
        is_scarce = budget_bytes < SCARCE_BYTES and not self.has_fixed_bits
        return PointCodes(
            xyz_in_world=scene.points.xyz_in_world[self.point_idx],
            header=header,
            space=space,
            grid=self.grid,
            anchor_bits=self.anchor_bits - SCARCE_BITS * is_scarce,
            has_order=budget_bytes >= ORDERED_FROM_BYTES,
        )

    def within(
        self, codes_of: PointCodes, values: Float32[np.ndarray, "code value"], budget_bytes: int
    ) -> AnchoredCodes | None:
        """Return the codes of the first points that fit, finer where all of the scene's do."""
        codes = codes_of.most_within(values, budget_bytes, least=MIN_CODES)
        if codes is None or len(codes) < self.num_near:
            return codes
        most_bits = self.anchor_bits
        if not self.has_fixed_bits:
            most_bits = min(max(most_bits + _FINER_BITS, _FINEST_BITS), MAX_KEY_BITS // 3)
        return codes_of.finest_within(values, budget_bytes, most_bits=most_bits)


def order_points(
    scene: Scene, decoder: AnchoredDecoder, *, config: AnchoredMappingConfig, budget_bytes: int
) -> OrderedPoints:
    """Order at least as many points as a map of this size can hold; MappingError below 30."""
    grid, xyz = None, scene.points.xyz_in_world
    if config.voxel_side is not None:
        grid = VoxelGrid.from_points(xyz, side=config.voxel_side)
    if grid is None:
        is_near = near_points(xyz)
        side = float(np.ptp(xyz[is_near], axis=0).max()) if is_near.any() else 0.0
    else:
        is_near, side = grid.voxel_idx(xyz) >= 0, grid.side
    num_near = int(is_near.sum())
    if num_near < MIN_CODES:
        raise MappingError(
            "scene points",
            f"there are only {num_near}, expected at least {MIN_CODES}",
            "Take photos that overlap by half, of a textured place.",
        )
    most = min(num_near, max(8 * budget_bytes // _LEAST_BITS, MIN_CODES))
    bits = config.anchor_bits
    point_idx = _choose(scene, decoder, is_near, most)
    if grid is not None:
        point_idx = _voxels_first(point_idx, grid.voxel_idx(xyz[point_idx]))
    return OrderedPoints(
        point_idx=point_idx,
        num_near=num_near,
        grid=grid,
        anchor_bits=anchor_bits_of(scene, side) if bits is None else bits,
        has_fixed_bits=bits is not None,
    )


def _choose(
    scene: Scene, decoder: AnchoredDecoder, is_near: Bool[np.ndarray, " point"], most: int
) -> Int[np.ndarray, " code"]:
    """Order near points by coverage, each weighted by how exactly its observations place it and by
    how often held-out views match it (decision 007)."""
    weight = is_near * point_precision(scene)
    candidates = select_by_coverage(scene, _MOST_RIVALS, weight=weight)
    rate = held_out_match_rate(scene, candidates, decoder)
    relative = np.full(len(weight), rate.mean())  # what is known of points that were not tried
    relative[candidates] = rate
    return select_by_coverage(scene, most, weight=weight * relative)


def _voxels_first(
    point_idx: Int[np.ndarray, " point"], voxel_idx: Int[np.ndarray, " point"]
) -> Int[np.ndarray, " point"]:
    """Put the best point of each voxel before all others, so that no voxel goes without a code."""
    _, first = np.unique(voxel_idx, return_index=True)
    return np.concatenate([point_idx[np.sort(first)], np.delete(point_idx, first)])


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
