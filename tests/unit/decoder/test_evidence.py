import torch

from neumap.decoder.candidates import Candidates, find_candidates
from neumap.decoder.evidence import NUM_EVIDENCE, gather_evidence
from neumap.decoder.token_lift import LiftedCodes

SUPPORT = slice(8, 11)


def line_of_codes(count: int = 30) -> LiftedCodes:
    """Codes along a line in space, all different."""
    xyz = torch.zeros(count, 3, dtype=torch.float64)
    xyz[:, 0] = torch.arange(count)
    return LiftedCodes.from_codes(torch.eye(count), xyz)


def candidates_where(best: torch.Tensor) -> Candidates:
    """Pixel i looks like code best[i], and a little like the code 15 further on."""
    cosine = torch.zeros(len(best), 30)
    cosine[torch.arange(len(best)), (best + 15) % 30] = 0.5
    cosine[torch.arange(len(best)), best] = 0.9
    return find_candidates(cosine, num_candidates=2, scale=torch.tensor(25.0))


def test_a_match_among_matches_nearby_has_more_support_than_a_stray_one():
    codes = line_of_codes()
    best = torch.arange(30)
    best[10] = 25
    xy = torch.stack([torch.arange(30.0) / 9, torch.zeros(30)], dim=1)
    evidence = gather_evidence(candidates_where(best), xy, codes, code_floor=5.0)
    assert (evidence[11, 0, 8:10] > evidence[10, 0, 8:10] + 0.3).all()
    assert (evidence[10, 1, SUPPORT] > evidence[10, 0, SUPPORT]).all()


def test_a_pixel_does_not_support_itself():
    codes = line_of_codes()
    xy = torch.tensor([[0.0, 0.0], [5.0, 0.0]])
    evidence = gather_evidence(candidates_where(torch.tensor([3, 28])), xy, codes, code_floor=5.0)
    moved = gather_evidence(candidates_where(torch.tensor([8, 28])), xy, codes, code_floor=5.0)
    assert evidence[0, 0, SUPPORT].max() < moved[0, 0, SUPPORT].max() + 1e-6


def test_evidence_is_finite_and_small_without_any_source():
    codes = line_of_codes()
    lone = candidates_where(torch.tensor([3]))
    evidence = gather_evidence(lone, torch.zeros(1, 2), codes, code_floor=5.0)
    assert evidence.shape == (1, 2, NUM_EVIDENCE)
    assert torch.isfinite(evidence).all()
    assert evidence.abs().max() < 20
