import numpy as np
import pytest
import torch
from torch.nn import functional

from neumap.decoder.candidates import Candidates, find_candidates, search_candidates


def found(num_pixels: int = 12, num_codes: int = 7) -> tuple[torch.Tensor, Candidates]:
    cosine = torch.rand(num_pixels, num_codes, generator=torch.Generator().manual_seed(0))
    return cosine, find_candidates(cosine, num_candidates=num_codes, scale=torch.tensor(10.0))


def test_shares_of_a_pixel_and_no_code_add_up_to_one():
    _, candidates = found()
    none = candidates.dustbin - torch.cat(
        [candidates.score, candidates.dustbin[:, None]], dim=1
    ).logsumexp(dim=1)
    total = candidates.log_share_of_pixel().exp().sum(dim=1) + none.exp()
    torch.testing.assert_close(total, torch.ones(12))


def test_shares_of_a_code_are_a_softmax_over_pixels_and_the_floor():
    cosine, candidates = found()
    dense = torch.cat([10 * cosine, torch.full((1, 7), 3.0)]).log_softmax(dim=0)
    expected = dense[:-1].gather(1, candidates.code_idx)
    torch.testing.assert_close(candidates.log_share_of_code(3.0), expected)


def test_mutual_pairs_are_those_of_the_full_matrix_if_all_codes_are_candidates():
    cosine, candidates = found()
    best = cosine.argmax(dim=1)
    expected = [(p, int(best[p])) for p in range(12) if int(cosine[:, best[p]].argmax()) == p]
    pixel, rank = torch.nonzero(candidates.is_mutual(), as_tuple=True)
    code = candidates.code_idx[pixel, rank]
    assert list(zip(pixel.tolist(), code.tolist(), strict=True)) == expected


def test_fewer_codes_than_candidates_give_all_codes():
    candidates = find_candidates(torch.rand(5, 2), num_candidates=4, scale=torch.tensor(1.0))
    assert candidates.code_idx.shape == (5, 2)
    assert (np.sort(candidates.code_idx.numpy(), axis=1) == [0, 1]).all()


@pytest.mark.parametrize("num_codes", [3, 200, 1024, 2100])
def test_the_search_in_blocks_finds_what_all_cosines_show(num_codes):
    generator = torch.Generator().manual_seed(num_codes)
    queries = functional.normalize(torch.randn(150, 16, generator=generator), dim=1)
    codes = functional.normalize(torch.randn(num_codes, 16, generator=generator), dim=1)
    scale = torch.tensor(25.0)
    whole = find_candidates(queries @ codes.T, num_candidates=4, scale=scale)
    blocks = search_candidates(queries, codes, num_candidates=4, scale=scale)
    assert torch.equal(blocks.code_idx, whole.code_idx)
    for name in ("cosine", "cosine_of_code", "cosine_elsewhere", "score"):
        torch.testing.assert_close(getattr(blocks, name), getattr(whole, name))


def test_every_pixel_that_has_a_code_as_candidate_is_left_out_elsewhere():
    cosine = torch.tensor([[0.9, 0.2, 0.1], [0.8, 0.7, 0.3]])
    candidates = find_candidates(cosine, num_candidates=2, scale=torch.tensor(1.0))
    assert candidates.cosine_elsewhere.tolist() == [-np.inf, -np.inf, pytest.approx(0.3)]
    assert candidates.cosine_of_code.tolist() == pytest.approx([0.9, 0.7, 0.3])
