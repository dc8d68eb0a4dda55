"""Dropping codes whose scale training has pulled to zero (paper section 3.3)."""

import copy

import numpy as np
import torch
from jaxtyping import Int

from neumap.codes.dense_codes import DenseCodes, VoxelFrames


def prune_below(codes: DenseCodes, threshold: float) -> int:
    """Drop codes with |scale| < threshold and freeze the scales; returns the codes left.

    Every voxel and block keeps at least the code of its largest |scale|. Dropped codes stay
    dropped when this is called again.
    """
    if threshold < 0:
        raise ValueError(f"threshold is {threshold}, expected >= 0")
    size = codes.scales.detach().abs().masked_fill(~codes.is_kept, -1.0)
    largest = torch.zeros_like(codes.is_kept)
    largest.scatter_(2, size.argmax(dim=2, keepdim=True), True)
    codes.is_kept = (codes.is_kept & (size >= threshold)) | largest
    codes.scales.requires_grad_(False)
    return codes.num_kept


def prune_to_count(codes: DenseCodes, count: int) -> int:
    """Keep about `count` codes, those of the largest |scale|; returns the codes left.

    Chooses the threshold of `prune_below` from the scales at hand, since one fixed number does
    not suit every training run. At least one code for each voxel and block is kept, and ties
    at the threshold are kept, so more than `count` may be left.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
    sizes = codes.scales.detach().abs()[codes.is_kept]
    if count >= len(sizes):
        return prune_below(codes, 0.0)
    return prune_below(codes, float(sizes.sort(descending=True).values[count - 1]))


def prune_points(codes: DenseCodes, count: int) -> int:
    """Keep `count` codes of points, those of the largest |scale|; returns those left.

    The threshold follows from the scales at hand. Every voxel keeps at least one, so that more
    than `count` are left where there are more voxels than that; of equal scales the first are
    kept. Codes of no point stay. Then scales are frozen (`freeze_scales`).
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
    is_of_point = codes.is_of_point
    size = codes.scales.detach().abs().masked_fill(~is_of_point, -1.0)
    rank = size.clone()
    voxels = torch.arange(codes.num_voxels)
    rank[voxels, 0, size[:, 0].argmax(dim=1)] = torch.inf
    order = rank.flatten().argsort(descending=True, stable=True)
    left = min(max(count, codes.num_voxels), int(is_of_point.sum()))
    chosen = torch.zeros(rank.numel(), dtype=torch.bool)
    chosen[order[:left]] = True
    codes.is_kept = (codes.is_kept & ~is_of_point) | chosen.reshape(rank.shape)
    freeze_scales(codes)
    return left


def first_points(codes: DenseCodes, count: int) -> DenseCodes:
    """Return the first `count` codes of points, and all of no point; `codes` stay as they are.

    A voxel's codes are in the order that the mapping chose them in; the first of every voxel come
    before the second of any.
    """
    of_points = torch.nonzero(codes.is_of_point)
    dropped = of_points[of_points[:, 2].argsort(stable=True)][count:]
    out = copy.deepcopy(codes)
    out.is_kept[tuple(dropped.T)] = False
    return out


def freeze_scales(codes: DenseCodes) -> None:
    """Multiply scales into their codes and let nothing change them after (paper section 3.3)."""
    with torch.no_grad():
        codes.codes.mul_(codes.scales[..., None])
        codes.scales.fill_(1.0)
    codes.scales.requires_grad_(False)


def without_pruned(codes: DenseCodes) -> DenseCodes:
    """Return the kept codes alone, in their order, so that others cost no time."""
    place = (~codes.is_kept).int().argsort(dim=2, stable=True)
    place = place[:, :, : int(codes.is_kept.sum(dim=2).max())]
    out = DenseCodes(
        VoxelFrames(codes.frame_origins.cpu().numpy(), codes.frame_lengths.cpu().numpy()),
        num_blocks=place.shape[1],
        codes_per_block=place.shape[2],
        width=codes.codes.shape[3],
        generator=torch.Generator(codes.codes.device),
    )
    with torch.no_grad():
        out.codes.copy_(torch.take_along_dim(codes.codes, place[..., None], dim=2))
        out.scales.copy_(torch.take_along_dim(codes.scales, place, dim=2))
    out.is_kept = torch.take_along_dim(codes.is_kept, place, dim=2)
    out.scales.requires_grad_(codes.scales.requires_grad)
    return out


def with_points(codes: DenseCodes, place: Int[np.ndarray, " kept"]) -> DenseCodes:
    """Return these codes of points of a map of one voxel, in this order, and all of no point.

    Scales are frozen. `place` counts codes of points; ValueError where it names none.
    """
    if len(place) == 0 or codes.num_voxels != 1:
        raise ValueError(f"{len(place)} codes of {codes.num_voxels} voxels are to be kept")
    column = torch.nonzero(codes.is_of_point[0, 0])[:, 0][torch.from_numpy(place)]
    out = copy.deepcopy(codes)
    with torch.no_grad():
        out.codes[0, 0, 1 : 1 + len(column)] = codes.codes[0, 0, column]
        out.scales[0, 0, 1 : 1 + len(column)] = codes.scales[0, 0, column]
    out.is_kept[0, 0, 1:] = torch.arange(1, out.is_kept.shape[2]) <= len(column)
    freeze_scales(out)
    return without_pruned(out)
