import pytest
import torch

from neumap.training.losses import (
    confidence_loss,
    coordinate_loss,
    masked_mean,
    reprojection_loss,
    sparsity_loss,
)

SOME = torch.tensor([True, True, False, False])


def reproject(xyz: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    slots = xyz.shape[0]
    return reprojection_loss(
        xyz,
        torch.zeros(slots, 2),
        torch.ones(slots, dtype=torch.bool) if mask is None else mask,
        focal_px=torch.full((slots,), 500.0),
        robust_px=10.0,
        depth_scale=1.0,
        min_depth=0.1,
    )


def test_masked_slots_have_no_part_in_value_or_gradient():
    values = torch.tensor([1.0, 3.0, 100.0, float("inf")], requires_grad=True)
    mean = masked_mean(values, SOME)
    mean.backward()
    assert mean.item() == 2.0
    assert values.grad.tolist() == [0.5, 0.5, 0.0, 0.0]


def test_an_empty_mask_gives_zero_and_zero_gradients():
    none = torch.zeros(4, dtype=torch.bool)
    xyz = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.full((4, 3), torch.nan)
    total = (
        coordinate_loss(xyz, target, none, threshold=1.0)
        + confidence_loss(xyz[:, 0], none, none)
        + reproject(xyz, none)
    )
    total.backward()
    assert total.item() == 0.0
    assert torch.equal(xyz.grad, torch.zeros(4, 3))


def test_coordinate_loss_is_linear_then_a_square_root():
    target = torch.zeros(2, 3)
    predicted = torch.tensor([[0.0, 3.0, 4.0], [100.0, 0.0, 0.0]])
    each = [
        coordinate_loss(predicted, target, torch.arange(2) == i, threshold=25.0).item()
        for i in range(2)
    ]
    assert each == pytest.approx([5.0, (25 * 100) ** 0.5])


def test_coordinate_loss_at_the_target_has_finite_gradients_despite_nan_elsewhere():
    predicted = torch.zeros(4, 3, requires_grad=True)
    target = torch.zeros(4, 3)
    target[2:] = torch.nan
    coordinate_loss(predicted, target, SOME, threshold=1.0).backward()
    assert torch.isfinite(predicted.grad).all()


def test_confidence_loss_is_cross_entropy_over_valid_slots_only():
    logits = torch.tensor([0.0, 0.0, 50.0, -50.0])
    right = torch.tensor([True, False, False, True])
    assert confidence_loss(logits, right, SOME).item() == pytest.approx(0.6931, abs=1e-4)


def test_reprojection_of_the_right_ray_is_zero_and_of_a_far_off_one_nearly_one():
    assert reproject(torch.tensor([[0.0, 0.0, 5.0]])).item() == 0.0
    assert 0.99 < reproject(torch.tensor([[5.0, 0.0, 5.0]])).item() <= 1.0


def test_depth_adjusted_error_follows_its_formula():
    xyz = torch.tensor([[0.1, 0.0, 2.0]])  # 25 px off at z = 2
    adjusted = 25.0**2 * 4 / (4 + 1)
    assert reproject(xyz).item() == pytest.approx(adjusted / (adjusted + 100))


def test_points_behind_the_camera_are_pulled_to_the_front():
    xyz = torch.tensor([[0.0, 0.0, -2.0]], requires_grad=True)
    loss = reproject(xyz)
    loss.backward()
    assert loss.item() > 2.0
    assert xyz.grad[0, 2] < 0


def test_sparsity_loss_counts_kept_scales_and_its_gradient_shrinks_them():
    scales = torch.tensor([[[1.0, -2.0, 5.0]]], requires_grad=True)
    kept = torch.tensor([[[True, True, False]]])
    loss = sparsity_loss(scales, kept)
    loss.backward()
    assert loss.item() == 3.0
    assert scales.grad.tolist() == [[[1.0, -1.0, 0.0]]]
