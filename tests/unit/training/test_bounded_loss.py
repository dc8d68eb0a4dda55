import torch

from neumap.training.bounded_loss import bounded_loss

SCALES = ((0.1, 1.0),)


def test_an_error_of_one_scale_costs_half():
    predicted = torch.tensor([[[0.1, 0.0, 0.0]]])
    known = torch.ones(1, 1, dtype=torch.bool)
    loss = bounded_loss(predicted, torch.zeros(1, 1, 3), known, scales=SCALES)
    torch.testing.assert_close(loss, torch.tensor(0.5))


def test_far_pixels_pull_less_than_near_ones():
    predicted = torch.tensor([[[0.05, 0.0, 0.0], [2.0, 0.0, 0.0]]], requires_grad=True)
    known = torch.ones(1, 2, dtype=torch.bool)
    bounded_loss(predicted, torch.zeros(1, 2, 3), known, scales=SCALES).backward()
    assert predicted.grad is not None
    near, far = predicted.grad.norm(dim=-1)[0]
    assert far < 0.01 * near


def test_unknown_targets_may_be_nan_and_give_no_gradient():
    predicted = torch.ones(1, 2, 3, requires_grad=True)
    target = torch.full((1, 2, 3), torch.nan)
    loss = bounded_loss(predicted, target, torch.zeros(1, 2, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert predicted.grad is not None
    assert (predicted.grad == 0).all()
