"""Fewer or coarser codes of a map, from the codes alone: the scene is not needed any more."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.codes.position_coder import morton_keys


def spread_order(count: int) -> Int[np.ndarray, " code"]:
    """Order in which 0 to count - 1 are taken so that any first part of it is evenly spread.

    It is the order of the reversed bits of the numbers. Codes are stored along a curve through
    space, and as densely as the mapping photos needed them: taking them in this order thins all
    places alike and so keeps the shares that coverage gave to each.
    """
    num_bits = max(count - 1, 0).bit_length()
    numbers = np.arange(2**num_bits)
    turned = np.zeros_like(numbers)
    for bit in range(num_bits):
        turned |= ((numbers >> bit) & 1) << (num_bits - 1 - bit)
    return turned[turned < count]


def with_codes(codes: AnchoredCodes, kept: Int[np.ndarray, " kept"]) -> AnchoredCodes:
    """Return the map with some of its codes; voxels without one are left out."""
    kept = np.sort(kept)
    own_voxels, voxel_idx = np.unique(codes.voxel_idx[kept], return_inverse=True)
    return replace(
        codes,
        levels=codes.levels[kept],
        anchor_levels=codes.anchor_levels[kept],
        voxel_idx=voxel_idx,
        cells=codes.cells[own_voxels],
    )


def with_fewer_levels(codes: AnchoredCodes, space: CodeSpace, num_levels: int) -> AnchoredCodes:
    """Round values anew with `num_levels` levels; `space` is that of the codes' decoder.

    Codes that have no more levels than that are returned as they are.
    """
    if num_levels >= 2**codes.code_bits:
        return codes
    values = space.with_levels(2**codes.code_bits).dequantise(codes.levels)
    levels = space.with_levels(num_levels).quantise(values)
    return replace(codes, levels=levels, code_bits=num_levels.bit_length() - 1)


def with_coarser_anchors(codes: AnchoredCodes, most_bits: int) -> AnchoredCodes:
    """Double the step until the longest axis has at most `most_bits` bits.

    All axes lose as many bits, so that boxes keep their edges; a shorter axis than that would not,
    and ends the doubling.
    """
    dropped = min(max(max(codes.axis_bits) - most_bits, 0), min(codes.axis_bits))
    x, y, z = (bits - dropped for bits in codes.axis_bits)
    anchors = codes.anchor_levels >> dropped
    order = np.lexsort((morton_keys(anchors, (x, y, z)), codes.voxel_idx))
    return replace(
        codes,
        levels=codes.levels[order],
        anchor_levels=anchors[order],
        voxel_idx=codes.voxel_idx[order],
        step=codes.step * 2**dropped,
        axis_bits=(x, y, z),
    )
