import pytest
import torch

from neumap.decoder import surroundings
from neumap.decoder.surroundings import VIEW_SCALES, Surroundings


@pytest.fixture
def xyz():
    flat = torch.rand(500, 3, generator=torch.manual_seed(0))
    return flat * torch.tensor([3.0, 3.0, 0.1]) - 1.5


def test_each_kernel_is_a_mean_over_codes_that_falls_with_the_distance(xyz):
    made = Surroundings.of(xyz)
    ones = made.around(torch.ones(500))
    torch.testing.assert_close(ones, torch.ones(len(VIEW_SCALES), 500))
    at_one = torch.zeros(500)
    at_one[7] = 1.0
    around = made.around(at_one)
    distance = (xyz - xyz[7]).norm(dim=1)
    for row, scale in zip(around, VIEW_SCALES, strict=True):
        assert row[distance < 0.5 * scale].min() > row[distance > 3 * scale].max()


def test_few_codes_are_compared_exactly(xyz):
    squared = torch.cdist(xyz, xyz).square()
    kernel = 1 / (1 + squared / VIEW_SCALES[0] ** 2) ** 2
    mass = torch.rand(500)
    expected = (kernel / kernel.sum(dim=1, keepdim=True)) @ mass
    torch.testing.assert_close(Surroundings.of(xyz).around(mass)[0], expected)


def test_many_codes_share_cells_and_stay_near_the_exact_answer(xyz, monkeypatch):
    exact = Surroundings.of(xyz)
    monkeypatch.setattr(surroundings, "MAX_CELLS", 400)
    pooled = Surroundings.of(xyz)
    assert pooled.kernels.shape[1] <= 400
    near_a_corner = (xyz[:, :2] < 0).all(dim=1).float()
    assert (pooled.around(near_a_corner) - exact.around(near_a_corner)).abs().mean() < 0.03
    assert (pooled.log_density - exact.log_density).abs().mean() < 0.1
