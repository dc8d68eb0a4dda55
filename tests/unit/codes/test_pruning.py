import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.codes.pruning import (
    first_points,
    freeze_scales,
    prune_below,
    prune_points,
    prune_to_count,
    with_points,
    without_pruned,
)


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


def several_voxels(scale: float = 1.0) -> DenseCodes:
    """Three voxels of 8 codes of points and one of no match, a later block of 4 codes."""
    frames = VoxelFrames(np.zeros((3, 3)), np.ones(3))
    generator = torch.Generator().manual_seed(0)
    codes = DenseCodes(frames, num_blocks=2, codes_per_block=9, width=4, generator=generator)
    codes.is_kept[:, 1, 4:] = False
    with torch.no_grad():
        codes.scales.uniform_(-1, 1, generator=generator)
        codes.scales[2] *= 1e-6  # training has given up this voxel
        codes.scales.mul_(scale)
    return codes


@pytest.mark.parametrize("count", [3, 7, 12, 24, 100])
def test_pruned_points_are_as_many_as_asked_for_with_one_in_every_voxel(count):
    codes = several_voxels()
    left = prune_points(codes, count)
    assert left == int(codes.is_of_point.sum()) == min(count, 24)
    assert codes.is_of_point.any(dim=2).any(dim=1).all()
    assert codes.is_kept[:, 0, 0].all()
    assert codes.is_kept[:, 1, :4].all()


def test_a_count_below_the_voxels_leaves_one_code_each():
    assert prune_points(several_voxels(), 1) == 3
    with pytest.raises(ValueError, match="count"):
        prune_points(several_voxels(), 0)


@pytest.mark.parametrize("scale", [1e-4, 30.0])
def test_the_threshold_follows_the_scales_whatever_their_size(scale):
    """The released code has one fixed threshold for each checkpoint."""
    plain, scaled = several_voxels(), several_voxels(scale)
    prune_points(plain, 9)
    prune_points(scaled, 9)
    assert torch.equal(plain.is_kept, scaled.is_kept)


def test_of_equal_scales_the_first_are_kept_and_no_more():
    codes = codes_with([[1.0] * 6])
    assert prune_points(codes, 2) == 2
    assert codes.is_kept[0, 0].tolist() == [True, True, True, False, False, False]


def test_frozen_scales_leave_what_codes_mean_and_take_no_gradient():
    """The released code goes on training scales after pruning."""
    codes = several_voxels()
    before = (codes.codes * codes.scales[..., None]).detach().clone()
    freeze_scales(codes)
    assert not codes.scales.requires_grad
    assert (codes.scales == 1).all()
    torch.testing.assert_close(codes.codes.detach(), before)


def kept_values(codes: DenseCodes) -> torch.Tensor:
    return (codes.codes * codes.scales[..., None]).detach()[codes.is_kept]


def test_codes_without_the_pruned_ones_are_the_same_in_less_room():
    codes = several_voxels()
    prune_points(codes, 9)
    compact = without_pruned(codes)
    assert compact.codes.shape[2] == int(codes.is_kept.sum(dim=2).max()) < codes.codes.shape[2]
    torch.testing.assert_close(kept_values(compact), kept_values(codes))


def test_the_first_points_of_a_voxel_are_kept_and_the_source_stays():
    codes = several_voxels()
    few = first_points(codes, 6)
    assert few.is_kept[:, 0].sum(dim=1).tolist() == [3, 3, 3]
    assert few.is_kept[:, 0, :3].all()
    assert int(codes.is_of_point.sum()) == 24


def test_chosen_points_come_in_the_order_of_their_choice():
    codes = codes_with([[1.0] * 6, [1.0] * 6])
    chosen = with_points(codes, np.array([4, 0]))
    assert torch.equal(chosen.codes[0, 0, 1:3], codes.codes[0, 0, [5, 1]])
    assert int(chosen.is_of_point.sum()) == 2
    assert not chosen.scales.requires_grad
    with pytest.raises(ValueError, match="are to be kept"):
        with_points(codes, np.zeros(0, dtype=np.int64))
