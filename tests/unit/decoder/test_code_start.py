import pytest
import torch

from neumap.decoder.code_start import CodeStart


def make_start() -> CodeStart:
    generator = torch.Generator().manual_seed(0)
    return CodeStart(descriptor_dim=8, num_blocks=3, width=16, view_dim=4, generator=generator)


def test_first_block_has_a_code_for_each_point_and_one_for_no_match():
    codes, is_kept = make_start()(torch.randn(9, 8), torch.randn(9, 3))
    assert codes.shape == (3, 10, 16)
    assert is_kept[0].all()
    assert is_kept[1:].sum(dim=1).tolist() == [4, 4]


def test_the_code_of_a_point_depends_on_that_point_alone():
    start, descriptors, xyz = make_start(), torch.randn(9, 8), torch.randn(9, 3)
    whole, _ = start(descriptors, xyz)
    part, _ = start(descriptors[:5], xyz[:5])
    torch.testing.assert_close(whole[0, :6], part[0])
    torch.testing.assert_close(whole[1:, :4], part[1:, :4])


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="expected at least 3"):
        make_start()(torch.randn(2, 8), torch.randn(2, 3))
