import numpy as np
import pytest
import torch

from neumap.training.sampling import PixelTable, sample_pixels


def table() -> PixelTable:
    """View 0: 6 pixels (voxels 0 0 0 1, two without a point); view 1: 2 pixels of voxel 1."""
    xy0 = np.array([[10.0, 10], [50, 50], [90, 90], [12, 12], [200, 200], [11, 60]])
    xy1 = np.array([[5.0, 5], [100, 100]])
    voxels = [np.array([0, 0, 0, 1, -1, -1]), np.array([1, 1])]
    return PixelTable.from_views([xy0, xy1], voxels)


def draw(voxel: int, view: int, num_in_voxel: int, num_drawn: int, seed: int = 0):
    return sample_pixels(
        table(),
        torch.tensor([voxel]),
        torch.tensor([view]),
        num_in_voxel=num_in_voxel,
        num_drawn=num_drawn,
        generator=torch.Generator().manual_seed(seed),
    )


@pytest.mark.parametrize("seed", range(5))
def test_labels_tell_the_voxel_of_the_pixel_and_padding_is_never_drawn(seed):
    sample = draw(0, 0, 2, 10, seed)
    slots = sample.slot_idx[sample.is_valid]
    inside = sample.is_in_voxel[sample.is_valid]
    assert set(slots[inside].tolist()) <= {0, 1, 2}
    assert int(inside.sum()) == 2
    # Slot 3 (voxel 1) lies 2 px from slot 0 (voxel 0): too near to serve as outside.
    assert set(slots[~inside].tolist()) == {4, 5}
    assert len(set(slots.tolist())) == len(slots)
    assert not (sample.is_in_voxel & ~sample.is_valid).any()
    assert int((~sample.is_valid).sum()) == 6


def test_a_view_with_fewer_pixels_pads_with_entries_that_are_not_valid():
    sample = draw(1, 1, 3, 4)
    assert sorted(sample.slot_idx[sample.is_valid].tolist()) == [0, 1]
    assert sample.is_valid.sum() == 2


def test_a_voxel_without_pixels_in_the_view_gives_only_outside_ones():
    sample = draw(0, 1, 2, 4)
    assert not sample.is_in_voxel.any()
    assert int(sample.is_valid.sum()) == 2


def test_pixels_without_a_point_serve_as_outside_ones():
    sample = draw(1, 0, 1, 6)
    outside = sample.slot_idx[sample.is_valid & ~sample.is_in_voxel].tolist()
    assert set(outside) == {1, 2, 4, 5}


def test_equal_generators_draw_equally_and_others_do_not():
    draws = [draw(0, 0, 1, 3, seed).slot_idx[0].tolist() for seed in (0, 0, 1, 2, 3, 4)]
    assert draws[0] == draws[1]
    assert len({tuple(d) for d in draws}) > 1


def test_each_pixel_of_the_voxel_is_drawn_equally_often():
    pairs = 3000
    sample = sample_pixels(
        table(),
        torch.zeros(pairs, dtype=torch.int64),
        torch.zeros(pairs, dtype=torch.int64),
        num_in_voxel=1,
        num_drawn=2,
        generator=torch.Generator().manual_seed(0),
    )
    counts = torch.bincount(sample.slot_idx[sample.is_in_voxel], minlength=3)
    assert (counts - pairs / 3).abs().max() < 150  # 5.8 standard deviations


def test_impossible_numbers_raise():
    with pytest.raises(ValueError, match="cannot draw"):
        draw(0, 0, 3, 2)


def test_views_without_pixels_give_an_empty_table():
    empty = PixelTable.from_views([np.zeros((0, 2))], [np.zeros(0, dtype=np.int64)])
    assert empty.is_pixel.shape == (1, 0)
