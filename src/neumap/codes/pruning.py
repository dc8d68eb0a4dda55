"""Dropping codes whose scale training has pulled to zero (paper section 3.3)."""

import torch

from neumap.codes.dense_codes import DenseCodes


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
