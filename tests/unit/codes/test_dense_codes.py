import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames, stored_bytes
from neumap.codes.pruning import prune_below, prune_to_count
from neumap.errors import MapFileError


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


def everything(codes: DenseCodes) -> torch.Tensor:
    tokens = codes.select(torch.arange(codes.num_voxels)).values.detach()
    return tokens * codes.is_kept[..., None]


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


@pytest.mark.parametrize(("storage", "tolerance"), [("float16", 2e-3), ("int8", 0.02)])
def test_packed_codes_come_back_within_the_precision(storage, tolerance):
    codes = new_codes()
    prune_to_count(codes, 17)
    back = DenseCodes.from_tensors(codes.to_tensors(storage))
    assert torch.equal(back.is_kept, codes.is_kept)
    assert (everything(back) - everything(codes)).abs().max() < tolerance
    assert torch.equal(back.frame_origins, codes.frame_origins)


def test_bytes_are_those_of_the_kept_codes_and_small_tables():
    codes = new_codes()
    assert prune_to_count(codes, 17) == 17
    half, byte = codes.to_tensors("float16"), codes.to_tensors("int8")
    tables = 4 * 4 + 4 + 3 * 24 + 3 * 4
    assert stored_bytes(half) == 17 * 32 * 2 + tables
    assert stored_bytes(byte) == 17 * 32 + 32 * 4 + tables


def test_damaged_tensors_are_refused():
    good = new_codes().to_tensors()
    broken = {
        "missing": {k: v for k, v in good.items() if k != "codes"},
        "layout": {**good, "layout": torch.tensor([3, 2, 0, 32])},
        "is_kept_bits": {**good, "is_kept_bits": good["is_kept_bits"][:-1]},
        "frame_origins": {**good, "frame_origins": good["frame_origins"][:1]},
        "frame_lengths": {**good, "frame_lengths": good["frame_lengths"][:1]},
        "codes is stored as": {**good, "codes": good["codes"].double()},
        "codes hold NaN": {**good, "codes": good["codes"] * torch.nan},
        "lengths <= 0": {**good, "frame_lengths": -good["frame_lengths"]},
        "code_step does not": {**good, "code_step": torch.ones(3)},
        "codes have shape": {**good, "codes": good["codes"][1:]},
        "without codes": {
            **good,
            "is_kept_bits": torch.zeros_like(good["is_kept_bits"]),
            "codes": good["codes"][:0],
        },
    }
    for reason, tensors in broken.items():
        with pytest.raises(MapFileError, match=reason):
            DenseCodes.from_tensors(tensors)


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
