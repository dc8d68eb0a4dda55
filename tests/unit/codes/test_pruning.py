import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.codes.pruning import prune_below, prune_to_count


def codes_with(scales: list[list[float]]) -> DenseCodes:
    """One voxel; a row of scales for each block."""
    frames = VoxelFrames(np.zeros((1, 3)), np.ones(1))
    codes = DenseCodes(
        frames,
        num_blocks=len(scales),
        codes_per_block=len(scales[0]),
        width=4,
        generator=torch.Generator().manual_seed(0),
    )
    with torch.no_grad():
        codes.scales.copy_(torch.tensor([scales]))
    return codes


def test_codes_of_small_scale_go_whatever_their_sign():
    codes = codes_with([[0.9, -0.8, 0.1, -0.05]])
    assert prune_below(codes, 0.5) == 2
    assert codes.is_kept[0, 0].tolist() == [True, True, False, False]


def test_each_block_keeps_its_largest_code():
    codes = codes_with([[0.01, -0.02, 0.0], [0.0, 0.0, 0.0]])
    assert prune_below(codes, 0.5) == 2
    assert codes.is_kept[0, 0].tolist() == [False, True, False]
    assert codes.is_kept[0, 1].sum() == 1


def test_pruned_codes_stay_pruned():
    codes = codes_with([[0.9, 0.4, 0.1]])
    prune_below(codes, 0.3)
    assert prune_below(codes, 0.0) == 2


def test_a_count_is_met_with_the_largest_scales():
    codes = codes_with([[0.9, 0.1, 0.5], [0.8, -0.7, 0.2]])
    assert prune_to_count(codes, 4) == 4
    assert codes.is_kept[0].tolist() == [[True, False, True], [True, True, False]]
    assert prune_to_count(codes, 100) == 4


def test_impossible_arguments_raise():
    codes = codes_with([[1.0]])
    with pytest.raises(ValueError, match="threshold"):
        prune_below(codes, -0.1)
    with pytest.raises(ValueError, match="count"):
        prune_to_count(codes, 0)
