"""A smaller map of an existing one, from its codes alone."""

from dataclasses import replace

from neumap.anchored_mapping import (
    FILLED,
    MIN_CODES,
    ORDERED_FROM_BYTES,
    SCARCE_BITS,
    SCARCE_BYTES,
)
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.anchored_file import expected_file_bytes, file_bytes, header_with_codes
from neumap.codes.budget_search import largest_fit
from neumap.codes.dense_codes import DenseCodes
from neumap.codes.dense_stream import dense_codes_of, dense_tensors, expected_tensors
from neumap.codes.map_file import map_file_bytes
from neumap.codes.point_codes import PointCodes
from neumap.codes.pruning import first_points
from neumap.codes.thinning import (
    order_of_importance,
    with_coarser_anchors,
    with_codes,
    with_fewer_levels,
)
from neumap.decoder.paper_space import load_dense_space
from neumap.errors import OptionError
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.scene_readers import AnchoredReader

_COMPACT_BITS = 12
"""Bits of an anchor's coordinate that are kept as long as codes can stay whole.

Mapping spends more only where bytes were left over, or in places of thousands of pixel sizes.
"""


def compress_map(source: Map, *, budget_bytes: int) -> Map:
    """Return a map of at most `budget_bytes`; `source` stays as it is.

    An anchored map first loses what mapping adds only where bytes are left over (values of more
    levels than the decoder's, steps finer than a 4096th of the box), then codes: those that the
    mapping chose last, as far as the map says, and of these evenly along the curve that they are
    stored on. A map of the paper's decoder loses the codes of the points that the mapping chose
    last, which are stored last. Raises OptionError where the budget is no less
    than the map, or less than the smallest map that can be made of it.
    """
    num_bytes = _size(source)
    if budget_bytes >= num_bytes:
        raise OptionError(
            "--budget",
            f"the map is already smaller: it has {num_bytes} bytes, the budget is {budget_bytes}",
            "Use the map as it is, or give fewer bytes.",
        )
    reader = source.reader
    if isinstance(reader, AnchoredReader):
        whole = _with_all_codes(source, reader, budget_bytes)
        smaller = _with_fewer_codes(source, reader, budget_bytes) if whole is None else whole
        return (
            _explained(smaller, budget_bytes) if smaller.num_codes == len(reader.codes) else smaller
        )
    return _paper(source, budget_bytes)


def _with_all_codes(source: Map, reader: AnchoredReader, budget_bytes: int) -> Map | None:
    """Round values and anchors anew, as finely as the budget allows; None if too many codes."""
    codes, space = reader.codes, reader.decoder.code_space
    order = order_of_importance(codes)
    bits = min(max(codes.axis_bits), _COMPACT_BITS)
    points = PointCodes(
        xyz_in_world=codes.anchors_in_world[order],
        header=source.header,
        space=space,
        grid=_grid_of(codes),
        anchor_bits=bits - SCARCE_BITS * _gets_scarce(source, budget_bytes),
        has_order=codes.halvings is not None and budget_bytes >= ORDERED_FROM_BYTES,
    )
    values = space.with_levels(2**codes.code_bits).dequantise(codes.levels[order])
    finest = points.finest_within(
        values, budget_bytes, most_bits=max(codes.axis_bits), most_levels=2**codes.code_bits
    )
    return _map_of(source, finest) if points.size(finest) <= budget_bytes else None


def _explained(smaller: Map, budget_bytes: int) -> Map:
    """Warn where a map with all its codes does not fill the budget."""
    num_bytes = _size(smaller)
    if num_bytes >= FILLED * budget_bytes:
        return smaller
    reason = f"All {smaller.num_codes} codes stay, and more bytes would not make them finer"
    warning = f"{reason}: {num_bytes} bytes of {budget_bytes} are used."
    return replace(smaller, warnings=(warning,))


def _gets_scarce(source: Map, budget_bytes: int) -> bool:
    """Whether anchors get coarser than in `source`; a smaller map has coarse ones already."""
    return budget_bytes < SCARCE_BYTES <= _size(source)


def _grid_of(codes: AnchoredCodes) -> VoxelGrid | None:
    if len(codes.cells) == 1 and not codes.cells.any():
        return None
    side = float(codes.extent[0])
    return VoxelGrid(codes.origin, side, codes.cells, codes.origin + (codes.cells + 0.5) * side)


def _with_fewer_codes(source: Map, reader: AnchoredReader, budget_bytes: int) -> Map:
    header = source.header
    compact = with_coarser_anchors(reader.codes, _COMPACT_BITS)
    coarsest = with_fewer_levels(
        compact, reader.decoder.code_space, reader.decoder.code_space.num_levels
    )
    if _gets_scarce(source, budget_bytes):
        coarsest = with_coarser_anchors(coarsest, max(coarsest.axis_bits) - SCARCE_BITS)
    order = order_of_importance(coarsest)
    keeps_order = coarsest.halvings is not None and budget_bytes >= ORDERED_FROM_BYTES

    def first(count: int) -> AnchoredCodes:
        return with_codes(coarsest, order[:count], has_halvings=keeps_order)

    least = min(MIN_CODES, len(coarsest))
    kept = largest_fit(
        first,
        expected_size=lambda codes: expected_file_bytes(header, codes),
        size=lambda codes: file_bytes(header, codes),
        budget_bytes=budget_bytes,
        least=least,
        most=len(coarsest),
    )
    if kept is None:
        raise _too_small(budget_bytes, least, file_bytes(header, first(least)))
    return _map_of(source, kept)


def _map_of(source: Map, codes: AnchoredCodes) -> Map:
    return Map(header_with_codes(source.header, codes), codes.to_tensors())


def _paper(source: Map, budget_bytes: int) -> Map:
    space = load_dense_space()
    codes = dense_codes_of(source.tensors, space)
    num_points = int(codes.is_of_point.sum())

    def size(kept: DenseCodes) -> int:
        return len(map_file_bytes(source.header, dense_tensors(kept, space)))

    least = min(max(MIN_CODES, codes.num_voxels), num_points)
    kept = largest_fit(
        lambda count: first_points(codes, count),
        expected_size=lambda few: len(map_file_bytes(source.header, expected_tensors(few, space))),
        size=size,
        budget_bytes=budget_bytes,
        least=least,
        most=num_points,
    )
    if kept is None:
        raise _too_small(budget_bytes, least, size(first_points(codes, least)))
    return Map(source.header, dense_tensors(kept, space))


def _too_small(budget_bytes: int, num_codes: int, smallest_bytes: int) -> OptionError:
    return OptionError(
        "--budget",
        f"{budget_bytes} bytes do not hold a map of {num_codes} codes",
        f"Give at least {smallest_bytes} bytes.",
    )


def _size(some: Map) -> int:
    return len(map_file_bytes(some.header, some.tensors))
