import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import CodeTokens, DenseCodes, VoxelFrames
from neumap.codes.pruning import prune_below


def new_codes(num_voxels: int = 3, seed: int = 0) -> DenseCodes:
    origins = np.arange(num_voxels * 3, dtype=np.float64).reshape(-1, 3) + 1e6
    frames = VoxelFrames(origins, np.linspace(1.0, 2.0, num_voxels))
    codes = DenseCodes(
        frames,
        num_blocks=2,
        codes_per_block=5,
        width=32,
        generator=torch.Generator().manual_seed(seed),
    )
    with torch.no_grad():
        codes.scales.uniform_(-1, 1, generator=torch.Generator().manual_seed(seed))
    return codes


def test_codes_of_blocks_and_voxels_start_independently():
    flat = new_codes().codes.detach().reshape(6, -1)
    correlation = torch.corrcoef(flat) - torch.eye(6)
    assert correlation.abs().max() < 0.4
    assert len(torch.unique(flat)) == flat.numel()


def test_selected_codes_are_scaled_and_the_scale_gets_a_gradient():
    codes = new_codes()
    tokens = codes.select(torch.tensor([2, 0]))
    expected = codes.codes[[2, 0]] * codes.scales[[2, 0]][..., None]
    assert torch.equal(tokens.values, expected)
    tokens.values.sum().backward()
    assert (codes.scales.grad[[0, 2]] != 0).all()


@pytest.mark.parametrize("unknown", [-1, 3])
def test_an_unknown_voxel_raises(unknown):
    with pytest.raises(ValueError, match=f"voxel {unknown} is unknown"):
        new_codes().select(torch.tensor([0, unknown]))


def test_predictions_move_to_the_world_in_double_precision():
    world = new_codes().to_world(torch.full((1, 1, 3), 1e-3), torch.tensor([1]))
    np.testing.assert_allclose(world[0, 0], np.arange(3, 6) + 1e6 + 1.5e-3, atol=1e-8)


def test_an_impossible_layout_raises():
    frames = VoxelFrames(np.zeros((1, 3)), np.ones(1))
    with pytest.raises(ValueError, match="below 1"):
        DenseCodes(frames, num_blocks=0, codes_per_block=5, width=8, generator=torch.Generator())


def test_pruning_below_keeps_large_scales_and_freezes_them():
    codes = new_codes()
    size = codes.scales.detach().abs()
    left = prune_below(codes, 0.5)
    assert left == int(codes.is_kept.sum())
    assert codes.is_kept[size >= 0.5].all()
    assert not codes.scales.requires_grad


def test_a_block_is_read_as_wide_as_its_widest_voxel():
    values = torch.randn(2, 2, 6, 4, generator=torch.Generator().manual_seed(0))
    kept = torch.ones(2, 2, 6, dtype=torch.bool)
    kept[:, 1, 3:] = False
    kept[1, 1, 1] = False
    tokens = CodeTokens(values, kept)
    whole, mask = tokens.of_block(0)
    assert mask is None
    assert torch.equal(whole, values[:, 0])
    narrow, mask = tokens.of_block(1)
    assert torch.equal(narrow, values[:, 1, :3])
    assert torch.equal(mask, kept[:, 1, :3])
    assert CodeTokens(values, None).of_block(1)[1] is None
