from collections.abc import Callable

import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.training import paper_fit
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import FittedCodes, PaperFitConfig, fit_started_codes, start_codes
from neumap.training.paper_importance import Surplus

NUM_POINTS = 60


@pytest.fixture
def buffer(make_scene: Callable[..., Scene]) -> FeatureBuffer:
    scene = make_scene()
    return FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))


def started(make_scene: Callable[..., Scene], buffer: FeatureBuffer) -> DenseCodes:
    networks = load_paper_decoder()[0], load_code_start()
    return start_codes(make_scene(), np.arange(NUM_POINTS), buffer, networks)


def fitted(
    codes: DenseCodes, buffer: FeatureBuffer, *, config: PaperFitConfig, surplus: Surplus | None
) -> FittedCodes:
    return fit_started_codes(
        codes,
        buffer,
        (load_paper_decoder()[0], load_dense_space()),
        surplus=surplus,
        in_voxel_share=0.8,
        seconds=0.3,
        seed=0,
        config=config,
    )


def test_a_fit_changes_the_codes_and_gives_them_as_they_are_stored(make_scene, buffer):
    codes = started(make_scene, buffer)
    before = codes.codes.detach().clone()
    out = fitted(codes, buffer, surplus=None, config=PaperFitConfig())
    assert out.num_steps > 0
    assert int(out.codes.is_of_point.sum()) == NUM_POINTS
    assert not torch.equal(out.codes.codes, before)
    space = load_dense_space()
    rounded = space.rounded(out.codes.codes).detach()
    kept = out.codes.is_kept
    torch.testing.assert_close(rounded[kept], out.codes.codes.detach()[kept], atol=1e-4, rtol=0)


@pytest.mark.parametrize("importance", ["reads", "scales"])
def test_a_fit_with_surplus_keeps_as_many_as_asked_for_with_frozen_scales(
    make_scene, buffer, importance
):
    surplus = Surplus(scene=make_scene(), point_idx=np.arange(NUM_POINTS), keep=25)
    config = PaperFitConfig(importance=importance)
    out = fitted(started(make_scene, buffer), buffer, surplus=surplus, config=config)
    assert int(out.codes.is_of_point.sum()) == 25
    assert out.codes.codes.shape[2] == 26
    assert not out.codes.scales.requires_grad
    assert (out.codes.scales == 1).all()


def scales_at_pruning(make_scene, buffer, monkeypatch, sparsity: float) -> torch.Tensor:
    """Scales of codes of points when their share of the time is over."""
    seen: list[torch.Tensor] = []
    prune = paper_fit.prune_points

    def watched(codes: DenseCodes, count: int) -> int:
        seen.append(codes.scales.detach()[codes.is_of_point].clone())
        return prune(codes, count)

    monkeypatch.setattr(paper_fit, "prune_points", watched)
    config = PaperFitConfig(importance="scales", sparsity=sparsity, prune_at=0.8)
    surplus = Surplus(scene=make_scene(), point_idx=np.arange(NUM_POINTS), keep=25)
    fitted(started(make_scene, buffer), buffer, surplus=surplus, config=config)
    return seen[0]


def test_the_sparsity_loss_pulls_scales_down(make_scene, buffer, monkeypatch):
    """In the released code it has no effect."""
    without = scales_at_pruning(make_scene, buffer, monkeypatch, 0.0)
    with_loss = scales_at_pruning(make_scene, buffer, monkeypatch, 10.0)
    assert (with_loss < 1).all()
    assert (without > 1).any()
