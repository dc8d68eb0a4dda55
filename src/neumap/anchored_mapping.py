"""Maps of the anchored decoder: choose points within a budget of bytes and fit a code to each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.codes.map_file import map_file_bytes
from neumap.codes.selection import select_by_coverage
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.errors import OptionError
from neumap.scene.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.training.fit_anchored_codes import fit_anchored_codes

_MIN_CODES = 30  # fewer cannot carry a pose
_HEADER_BYTES = 700  # at most, without voxel tables
_FINEST_LEVELS = 16  # of a code's value
_FINEST_BITS = 16  # of an anchor coordinate: a 65,536th of the box


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
    return Map(_with_codes(header, codes), codes.to_tensors())


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
    space, points = decoder.code_space, scene.points
    if grid is None:
        is_near = near_points(points.xyz_in_world)
        side = float(np.ptp(points.xyz_in_world[is_near], axis=0).max())
    else:
        is_near, side = grid.voxel_idx(points.xyz_in_world) >= 0, grid.side
    bits = config.anchor_bits if config.anchor_bits is not None else anchor_bits_of(scene, side)
    # Room that no further point can use makes codes finer, then anchors.
    room = 8 * (budget_bytes - _HEADER_BYTES) // max(int(is_near.sum()), 1)
    finest = space.with_levels(_FINEST_LEVELS)
    if room >= finest.bits * finest.num_values + 3 * bits:
        space = finest
    if config.anchor_bits is None:
        bits = max(bits, min(_FINEST_BITS, (room - space.bits * space.num_values) // 3))
    bits_per_code = space.bits * space.num_values + 3 * bits
    count = min(int(is_near.sum()), max(0, budget_bytes * 8 // bits_per_code))
    while count >= _MIN_CODES:
        chosen = select_by_coverage(scene, count, weight=is_near.astype(np.float64))
        values = space.project(scene.points.descriptors[chosen])
        codes = _stored(scene, chosen, values, space=space, grid=grid, bits=bits)
        excess = len(map_file_bytes(_with_codes(header, codes), codes.to_tensors())) - budget_bytes
        if excess <= 0:
            if config.has_code_fit:
                values, _ = fit_anchored_codes(
                    scene, chosen, decoder, num_levels=space.num_levels, seed=seed
                )
            return _stored(scene, chosen, values, space=space, grid=grid, bits=bits)
        count -= max(1, -(-8 * excess // bits_per_code))
    raise OptionError(
        "--budget",
        f"{budget_bytes} bytes do not hold a map of {_MIN_CODES} codes",
        "Give at least 1 kB.",
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


def _stored(
    scene: Scene,
    chosen: Int[np.ndarray, " code"],
    values: Float32[np.ndarray, "code value"],
    *,
    space: CodeSpace,
    grid: VoxelGrid | None,
    bits: int,
) -> AnchoredCodes:
    """Quantise the chosen points' codes and anchors."""
    return AnchoredCodes.from_points(
        scene.points.xyz_in_world[chosen],
        space.quantise(values),
        grid=grid,
        anchor_bits=bits,
        code_bits=space.bits,
    )


def _with_codes(header: dict[str, Any], codes: AnchoredCodes) -> dict[str, Any]:
    """The header with what the codes need to be read."""
    return {
        **header,
        "origin": [float(v) for v in codes.origin],
        "layout": {**header["layout"], **codes.layout()},
    }
