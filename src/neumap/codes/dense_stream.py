"""Dense codes as bytes: what a map of the `paper` decoder stores.

| bytes | content |
|---|---|
| 1 to 5 | number of voxels (`varint`) |
| 28 a voxel | origin of its frame (three float64), its length (float32) |
| 1 to 5 a voxel | number of codes of points (`varint`) |
| rest | one range-coded stream: values of codes of points, then what the shared codes moved by |

Both go voxel by voxel. A voxel's codes stay in their order: the mapping puts those first that
matter most.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.codes.dense_space import NUM_POSITION_VALUES, DenseSpace
from neumap.codes.payload import ONLY_PART
from neumap.codes.range_coder import RangeDecoder, RangeEncoder
from neumap.codes.signed_coder import bits_of_signed, decode_signed, encode_signed
from neumap.codes.varint import read_varint, varint
from neumap.errors import MapFileError

_FRAME = np.dtype([("origin", "<f8", 3), ("length", "<f4")])


class DenseLevels(NamedTuple):
    """The whole numbers that are stored."""

    points: Int[np.ndarray, "code value"]
    """Of the codes of points, voxel by voxel."""
    counts: tuple[int, ...]
    """Codes of points of each voxel."""
    shared: Int[np.ndarray, "voxel shared width"]


def dense_tensors(codes: DenseCodes, space: DenseSpace) -> dict[str, np.ndarray]:
    """Return what a map file stores of codes that are not pruned; scales are multiplied in."""
    levels = levels_of(codes, space)
    encoder = RangeEncoder()
    encode_signed(encoder, levels.points, _groups(space))
    encode_signed(encoder, *_shared_rows(levels))
    body = encoder.finish()
    padding = bytes(max(0, len(levels.points) - len(body)))  # see _parse: a code takes a byte
    data = _head(codes, levels) + body + padding
    return {ONLY_PART: np.frombuffer(data, dtype=np.uint8).copy()}


def expected_tensors(codes: DenseCodes, space: DenseSpace) -> dict[str, np.ndarray]:
    """Return zeros of the size of `dense_tensors`, to a byte or two, without coding anything."""
    levels = levels_of(codes, space)
    bits = stream_bits(levels, space)
    num_bytes = max(math.ceil(bits / 8), len(levels.points))
    return {ONLY_PART: np.zeros(len(_head(codes, levels)) + num_bytes, dtype=np.uint8)}


def stream_bits(levels: DenseLevels, space: DenseSpace) -> float:
    """Return the bits of the range-coded stream."""
    return bits_of_signed(levels.points, _groups(space)) + bits_of_signed(*_shared_rows(levels))


def point_value_bits(codes: DenseCodes, space: DenseSpace) -> tuple[float, float]:
    """Bits that a value of a point's code takes in the file, and its entropy.

    The entropy is by the frequencies of the levels, for values of the position and of the look
    each; of few codes, hardly a position occurs twice, and it is then below what can be reached.
    """
    points = levels_of(codes, space).points
    groups = np.array(_groups(space))
    entropy = 0.0
    for group in np.unique(groups):
        _, times = np.unique(points[:, groups == group], return_counts=True)
        entropy += float((times * np.log2(times.sum() / times)).sum())
    return bits_of_signed(points, _groups(space)) / points.size, entropy / points.size


def dense_codes_of(tensors: Mapping[str, np.ndarray], space: DenseSpace) -> DenseCodes:
    """Undo `dense_tensors`; scales are 1. Raises MapFileError where the bytes are impossible."""
    try:
        frames, levels = _parse(tensors, space)
    except ValueError as error:
        reason = f"cannot be read ({error})"
        raise MapFileError("dense codes", reason, "Build the map again.") from error
    return codes_of_levels(frames, levels, space)


def as_stored(codes: DenseCodes, space: DenseSpace) -> DenseCodes:
    """Return codes as a map gives them back."""
    frames = VoxelFrames(codes.frame_origins.cpu().numpy(), codes.frame_lengths.cpu().numpy())
    return codes_of_levels(frames, levels_of(codes, space), space)


def levels_of(codes: DenseCodes, space: DenseSpace) -> DenseLevels:
    """Round codes to what is stored of them."""
    with torch.no_grad():
        scaled = (codes.codes * codes.scales[..., None]).cpu().float()
        is_of_point = codes.is_of_point.cpu()
        shared = space.shared_levels(_shared(scaled, space))
        return DenseLevels(
            space.levels(scaled[is_of_point]).numpy(),
            tuple(int(count) for count in is_of_point.sum(dim=(1, 2))),
            shared.numpy(),
        )


def codes_of_levels(frames: VoxelFrames, levels: DenseLevels, space: DenseSpace) -> DenseCodes:
    """Undo `levels_of`: codes that are all kept, without room for others; scales are 1."""
    num_later, num_shared = space.later_shape
    per_block = max(1 + max(levels.counts), num_shared)
    codes = DenseCodes(
        frames,
        num_blocks=1 + num_later,
        codes_per_block=per_block,
        width=len(space.mean),
        generator=torch.Generator().manual_seed(0),
    )
    place = torch.arange(per_block)
    codes.is_kept[:, 0] = place <= torch.tensor(levels.counts)[:, None]
    codes.is_kept[:, 1:] = place < num_shared
    shared = space.shared_codes_of(torch.from_numpy(levels.shared))
    with torch.no_grad():
        codes.codes.zero_()
        codes.codes[codes.is_of_point] = space.codes_of(torch.from_numpy(levels.points))
        codes.codes[:, 0, 0] = shared[:, 0]
        codes.codes[:, 1:, :num_shared] = shared[:, 1:].unflatten(1, space.later_shape)
    codes.scales.requires_grad_(False)
    return codes


def _shared(
    codes: Float[Tensor, "voxel block code width"], space: DenseSpace
) -> Float[Tensor, "voxel shared width"]:
    """Gather the shared codes: the first of the first block, then those of later blocks."""
    later = codes[:, 1:, : space.later_shape[1]].flatten(1, 2)
    return torch.cat([codes[:, 0, :1], later], dim=1)


def _parse(tensors: Mapping[str, np.ndarray], space: DenseSpace) -> tuple[VoxelFrames, DenseLevels]:
    if set(tensors) != {ONLY_PART} or tensors[ONLY_PART].dtype != np.uint8:
        raise ValueError(f"its parts are {', '.join(sorted(tensors))}")
    data = tensors[ONLY_PART].tobytes()
    num_voxels, place = read_varint(data, 0)
    if not 1 <= num_voxels <= len(data) // (_FRAME.itemsize + 1):
        raise ValueError(f"{num_voxels} voxels in {len(data)} bytes")
    frames = np.zeros(num_voxels, dtype=_FRAME)
    counts: list[int] = []
    for voxel in range(num_voxels):
        frames[voxel] = np.frombuffer(data, dtype=_FRAME, count=1, offset=place)[0]
        count, place = read_varint(data, place + _FRAME.itemsize)
        counts.append(count)
    if not (np.isfinite(frames["origin"]).all() and np.isfinite(frames["length"]).all()):
        raise ValueError("a frame has NaN or infinite numbers")
    if (frames["length"] <= 0).any() or min(counts) < 1:
        raise ValueError("a voxel has no length or no codes")
    if sum(counts) > len(data) - place:
        raise ValueError(f"{sum(counts)} codes in {len(data) - place} bytes")
    decoder = RangeDecoder(data[place:])
    points = decode_signed(decoder, sum(counts), _groups(space))
    num_shared, width = space.shared.shape
    shared = decode_signed(decoder, num_voxels * num_shared, (0,) * width)
    levels = DenseLevels(points, tuple(counts), shared.reshape(num_voxels, num_shared, width))
    return VoxelFrames(frames["origin"], frames["length"]), levels


def _head(codes: DenseCodes, levels: DenseLevels) -> bytes:
    frames = np.zeros(codes.num_voxels, dtype=_FRAME)
    frames["origin"] = codes.frame_origins.cpu().numpy()
    frames["length"] = codes.frame_lengths.cpu().numpy()
    out = bytearray(varint(codes.num_voxels))
    for frame, count in zip(frames, levels.counts, strict=True):
        out += frame.tobytes() + varint(count)
    return bytes(out)


def _shared_rows(levels: DenseLevels) -> tuple[Int[np.ndarray, "row width"], tuple[int, ...]]:
    """Return what the shared codes moved by, a code a row, all values of one group."""
    width = levels.shared.shape[-1]
    return levels.shared.reshape(-1, width), (0,) * width


def _groups(space: DenseSpace) -> tuple[int, ...]:
    """Which values share their counts: those of the position, those of the look."""
    return tuple(int(value >= NUM_POSITION_VALUES) for value in range(space.num_values))
