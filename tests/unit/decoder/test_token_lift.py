import torch

from neumap.decoder import token_lift
from neumap.decoder.token_lift import NUM_FACTS, LiftedCodes, TokenLift


def test_anchors_are_normalised_to_mean_zero_and_spread_one():
    xyz = 1e5 + 7 * torch.randn(50, 3, dtype=torch.float64, generator=torch.manual_seed(0))
    codes = LiftedCodes.from_codes(torch.eye(50), xyz)
    assert codes.xyz.mean(dim=0).abs().max() < 1e-5
    assert abs(float(codes.xyz.square().sum(dim=1).mean()) - 1) < 1e-5


def test_facts_name_the_likest_other_code_and_never_the_code_itself():
    unit = torch.eye(8)
    unit[1] = torch.nn.functional.normalize(unit[0] + unit[1], dim=0)
    codes = LiftedCodes.from_codes(unit, torch.rand(8, 3, dtype=torch.float64))
    assert codes.facts.shape == (8, NUM_FACTS)
    torch.testing.assert_close(codes.facts[0, 0], torch.tensor(0.5).sqrt())
    assert codes.facts[5, 0] == 0


def test_a_single_code_and_coinciding_anchors_stay_finite():
    for count in (1, 3):
        codes = LiftedCodes.from_codes(torch.eye(count), torch.ones(count, 3).double())
        assert torch.isfinite(codes.facts).all()
        assert torch.isfinite(codes.surroundings.kernels).all()


def test_the_lift_starts_linear_in_the_values():
    lift = TokenLift(8, 16, generator=torch.Generator().manual_seed(0))
    codes = LiftedCodes.from_codes(torch.eye(8), torch.rand(8, 3, dtype=torch.float64))
    torch.testing.assert_close(lift(codes), lift.linear(codes.unit_codes))


def test_rivals_are_those_of_all_pairs_in_blocks_and_evenly_chosen_beyond(monkeypatch):
    unit = torch.nn.functional.normalize(torch.randn(70, 8, generator=torch.manual_seed(1)), dim=1)
    xyz = torch.rand(70, 3, dtype=torch.float64)
    alike = (unit @ unit.T).fill_diagonal_(-1.0)
    monkeypatch.setattr(token_lift, "_BLOCK", 16)
    facts = LiftedCodes.from_codes(unit, xyz).facts
    torch.testing.assert_close(facts[:, :4], alike.topk(4, dim=1).values)
    monkeypatch.setattr(token_lift, "_MAX_COMPARED", 35)
    facts = LiftedCodes.from_codes(unit, xyz).facts
    torch.testing.assert_close(facts[:, :4], alike[:, ::2].topk(4, dim=1).values)
