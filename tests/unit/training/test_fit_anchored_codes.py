import hashlib

import numpy as np
import pytest
import torch

from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.errors import MappingError
from neumap.training.fit_anchored_codes import CodeFitConfig, fit_anchored_codes


@pytest.fixture
def scene(make_scene):
    return make_scene(0, num_points=120, num_views=6, num_stray=60)


@pytest.fixture
def decoder(scene):
    rows = np.concatenate([view.features.descriptors for view in scene.views])
    # So few values that codes are easily confused, and there is something to learn.
    space = CodeSpace.fit(rows, np.arange(len(rows)), num_values=4)
    return AnchoredDecoder(space).requires_grad_(False).eval()


def digest(decoder: AnchoredDecoder) -> str:
    hasher = hashlib.sha256()
    for name, value in sorted(decoder.state_dict().items()):
        hasher.update(name.encode() + value.numpy().tobytes())
    return hasher.hexdigest()


def test_fitting_changes_no_weight_of_the_network_and_leaves_no_gradient(scene, decoder):
    before = digest(decoder)
    fit_anchored_codes(scene, np.arange(50), decoder)
    assert digest(decoder) == before
    assert all(parameter.grad is None for parameter in decoder.parameters())


def test_fitting_lowers_the_loss_and_moves_codes_little(scene, decoder):
    values, report = fit_anchored_codes(scene, np.arange(50), decoder)
    assert report.last_loss < 0.9 * report.first_loss
    space = decoder.code_space
    start = space.project(scene.points.descriptors[:50])
    moved = np.abs(values - start) / space.step
    assert moved.max() > 0.1
    assert np.median(moved) < 3


def test_equal_seeds_give_equal_codes(scene, decoder):
    first, _ = fit_anchored_codes(scene, np.arange(50), decoder, seed=4)
    second, _ = fit_anchored_codes(scene, np.arange(50), decoder, seed=4)
    np.testing.assert_array_equal(first, second)


def test_the_number_of_steps_is_bounded_whatever_the_number_of_views(scene, decoder):
    config = CodeFitConfig(max_visits=8, views_per_step=4)
    _, report = fit_anchored_codes(scene, np.arange(50), decoder, config=config)
    assert report.num_steps == 2
    assert report.stop_reason == "steps"


def test_fitting_draws_nothing_from_the_global_random_state(scene, decoder):
    before = torch.random.get_rng_state()
    fit_anchored_codes(scene, np.arange(50), decoder)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_points_that_no_view_shows_are_an_error(scene, decoder):
    with pytest.raises(MappingError):
        fit_anchored_codes(scene, np.zeros(0, dtype=np.int64), decoder)
