"""Fewer or coarser codes of a map, from the codes alone: the scene is not needed any more."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.codes.halving_coder import halvings_in_order
from neumap.codes.position_coder import morton_keys


def spread_order(count: int) -> Int[np.ndarray, " code"]:
    """Order in which 0 to count - 1 are taken so that any first part of it is evenly spread.

    It is the order of the reversed bits of the numbers. Codes are stored along a curve through
    space: taken in this order, all places are thinned alike.
    """
    num_bits = max(count - 1, 0).bit_length()
    numbers = np.arange(2**num_bits)
    turned = np.zeros_like(numbers)
    for bit in range(num_bits):
        turned |= ((numbers >> bit) & 1) << (num_bits - 1 - bit)
    return turned[turned < count]


def order_of_importance(codes: AnchoredCodes) -> Int[np.ndarray, " code"]:
    """Indices of the codes, those that outlast most halvings first, and alike ones spread evenly.

    Without halvings all codes are alike.
    """
    halvings = np.zeros(len(codes)) if codes.halvings is None else codes.halvings
    order: list[Int[np.ndarray, " code"]] = [np.zeros(0, dtype=np.int64)]
    for number in np.unique(halvings)[::-1]:
        alike = np.flatnonzero(halvings == number)
        order.append(alike[spread_order(len(alike))])
    return np.concatenate(order)


def with_codes(
    codes: AnchoredCodes, kept: Int[np.ndarray, " kept"], *, has_halvings: bool
) -> AnchoredCodes:
    """Return the map with some of its codes, the most important of these first.

    Voxels without a code are left out. With `has_halvings` the order is kept for another time.
    """
    order = np.argsort(kept)
    stored = kept[order]
    own_voxels, voxel_idx = np.unique(codes.voxel_idx[stored], return_inverse=True)
    return replace(
        codes,
        levels=codes.levels[stored],
        anchor_levels=codes.anchor_levels[stored],
        voxel_idx=voxel_idx,
        cells=codes.cells[own_voxels],
        halvings=halvings_in_order(len(kept))[order] if has_halvings else None,
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
        halvings=None if codes.halvings is None else codes.halvings[order],
        step=codes.step * 2**dropped,
        axis_bits=(x, y, z),
    )
