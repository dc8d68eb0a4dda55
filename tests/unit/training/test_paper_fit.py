import numpy as np
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.training.paper_fit import prune_points


def made_codes() -> DenseCodes:
    frames = VoxelFrames(np.zeros((1, 3)), np.ones(1))
    codes = DenseCodes(
        frames,
        num_blocks=2,
        codes_per_block=6,
        width=4,
        generator=torch.Generator().manual_seed(0),
    )
    codes.is_kept[0, 1, 2:] = False
    with torch.no_grad():
        codes.scales.copy_(torch.tensor([0.01, 0.9, 0.1, 0.8, 0.2, 0.7]))
    return codes


def test_pruning_keeps_the_strongest_points_and_all_codes_of_no_point():
    codes = made_codes()
    with torch.no_grad():
        codes.codes.copy_(torch.nn.functional.normalize(codes.codes, dim=-1))
    prune_points(codes, 6)
    assert codes.is_kept[0, 0].tolist() == [True, True, False, True, False, True]
    assert codes.is_kept[0, 1].tolist() == [True, True, False, False, False, False]


def test_pruning_leaves_what_kept_codes_mean():
    codes = made_codes()
    before = (codes.codes * codes.scales[..., None]).detach().clone()
    prune_points(codes, 8)
    torch.testing.assert_close((codes.codes * codes.scales[..., None]).detach(), before)
