"""The coordinate head: what it learns, what it costs, and that a seed decides all of it."""

import numpy as np
import pytest
import torch

from made_scene import made_views, truth_of
from neumap.baselines.coordinate_head import CoordinateHead
from neumap.baselines.coordinate_head_method import CoordinateHeadReader
from neumap.baselines.coordinate_head_training import CoordinateHeadConfig, train_coordinate_head

QUICK = CoordinateHeadConfig(width=64, num_steps=300, batch=512)


@pytest.fixture(scope="module")
def made():
    return made_views()


@pytest.fixture(scope="module")
def head(made):
    return train_coordinate_head(truth_of(made), seed=0, config=QUICK)


def test_key_points_get_the_points_that_they_show(made, head):
    view, shown = made.views[3], made.point_of_pixel[3]
    found = CoordinateHeadReader(head).predict(view.features)
    gap = np.linalg.norm(found.xyz_in_world - made.xyz_in_world[shown], axis=1)[shown >= 0]
    assert np.median(gap) < 0.3  # measured 0.15; the points fill a box of 3 x 2.4 x 2


def test_the_same_seed_gives_the_same_head_and_leaves_the_global_state(made):
    short = CoordinateHeadConfig(width=16, num_steps=3, batch=64)
    scene = truth_of(made)
    before = torch.random.get_rng_state()
    a, b, other = (train_coordinate_head(scene, seed=s, config=short) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    weights = [torch.cat([p.flatten() for p in each.parameters()]) for each in (a, b, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_bytes_are_the_weights_in_half_precision(head):
    width, channels = 64, 64
    layers = channels * width + 8 * width * width + 4 * width
    biases = 9 * width + 4
    assert head.num_bytes() == 2 * (layers + biases) + 16
    assert all(torch.equal(p, p.half().float()) for p in head.parameters())


def test_an_untrained_head_stays_near_the_middle_of_the_scene():
    network = CoordinateHead(descriptor_dim=64, width=32)
    network.place(torch.tensor([10.0, 20.0, 30.0]), 2.0)
    descriptors = torch.nn.functional.normalize(torch.randn(50, 64), dim=1)
    gap = (network(descriptors) - torch.tensor([10.0, 20.0, 30.0])).norm(dim=1)
    assert (gap < 4.0).all()
