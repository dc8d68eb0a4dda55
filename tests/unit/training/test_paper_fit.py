from collections.abc import Callable

import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import FittedCodes, PaperFitConfig, fit_started_codes, start_codes

NUM_POINTS = 60


@pytest.fixture
def buffer(make_scene: Callable[..., Scene]) -> FeatureBuffer:
    scene = make_scene()
    return FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))


def started(make_scene: Callable[..., Scene], buffer: FeatureBuffer) -> DenseCodes:
    networks = load_paper_decoder()[0], load_code_start()
    return start_codes(make_scene(), np.arange(NUM_POINTS), buffer, networks)


def fitted(
    codes: DenseCodes, buffer: FeatureBuffer, *, keep: int, config: PaperFitConfig
) -> FittedCodes:
    return fit_started_codes(
        codes,
        buffer,
        (load_paper_decoder()[0], load_dense_space()),
        keep=keep,
        in_voxel_share=0.8,
        seconds=0.3,
        seed=0,
        config=config,
    )


def test_a_fit_changes_the_codes_and_gives_them_as_they_are_stored(make_scene, buffer):
    codes = started(make_scene, buffer)
    before = codes.codes.detach().clone()
    out = fitted(codes, buffer, keep=NUM_POINTS, config=PaperFitConfig())
    assert out.num_steps > 0
    assert int(out.codes.is_of_point.sum()) == NUM_POINTS
    assert not torch.equal(out.codes.codes, before)
    space = load_dense_space()
    rounded = space.rounded(out.codes.codes).detach()
    kept = out.codes.is_kept
    torch.testing.assert_close(rounded[kept], out.codes.codes.detach()[kept], atol=1e-4, rtol=0)
