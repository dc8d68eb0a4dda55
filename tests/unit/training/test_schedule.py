import pytest
import torch

from neumap.training.schedule import PlateauDetector, optimizer_of, rate_factor, set_rates


def test_the_code_rate_holds_its_ratio_to_the_network_rate_after_warm_up():
    network, codes = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(2))
    optimizer = optimizer_of([([network], 2e-3), ([codes], 1e-4)])
    for step in range(50):
        set_rates(optimizer, rate_factor(step, step / 1000, warm_up_steps=20))
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates[1] / rates[0] == pytest.approx(0.05)
    assert rates[1] == pytest.approx(1e-4, rel=0.01)
    assert all(group["weight_decay"] == 0 for group in optimizer.param_groups)


def test_frozen_parameters_are_not_given_to_the_optimizer():
    free = torch.nn.Parameter(torch.zeros(2))
    frozen = torch.nn.Parameter(torch.zeros(2), requires_grad=False)
    optimizer = optimizer_of([([frozen], 1.0), ([free, frozen], 0.5)])
    assert [len(group["params"]) for group in optimizer.param_groups] == [1]


def test_the_rate_rises_linearly_and_falls_to_two_percent():
    rise = [rate_factor(step, 0.0, warm_up_steps=4) for step in range(6)]
    assert rise == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])
    assert rate_factor(100, 0.5, warm_up_steps=4) == pytest.approx(0.51)
    assert rate_factor(100, 7.0, warm_up_steps=4) == pytest.approx(0.02)


def test_a_plateau_is_found_and_a_fall_is_not():
    falling = PlateauDetector(window=5, min_gain=0.01, patience=2)
    assert not any(falling.add(0.99**step) for step in range(200))
    flat = PlateauDetector(window=5, min_gain=0.01, patience=2)
    assert [flat.add(1.0) for _ in range(15)] == [False] * 14 + [True]
