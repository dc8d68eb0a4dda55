import numpy as np
import pytest
import torch

from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.scene.voxels import VoxelGrid
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import start_codes
from neumap.training.paper_importance import Surplus, choose_by_reads, right_reads


@pytest.fixture
def scene(make_scene):
    return make_scene(num_points=80)


def surplus_of(scene, keep: int) -> Surplus:
    return Surplus(scene=scene, point_idx=np.arange(10, 70), keep=keep)


def test_codes_that_are_read_are_kept_before_others(scene):
    reads = np.zeros(60)
    reads[[5, 17, 40]] = 100.0
    kept = choose_by_reads(surplus_of(scene, 20), reads)
    assert len(kept) == len(set(kept.tolist())) == 20
    assert set(kept[:3].tolist()) == {5, 17, 40}
    assert kept.min() >= 0
    assert kept.max() < 60


def test_without_reads_all_points_are_worth_as_much(scene):
    assert len(choose_by_reads(surplus_of(scene, 60), np.zeros(60))) == 60


def test_right_pixels_read_codes_of_what_they_show(scene):
    buffer = FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))
    networks = load_paper_decoder()[0], load_dense_space()
    shown = np.arange(40)
    codes = start_codes(scene, shown, buffer, (networks[0], load_code_start()))
    with torch.no_grad():  # half of the codes look like nothing in the scene
        codes.codes[0, 0, 21:] = -codes.codes[0, 0, 21:]
    reads = right_reads(
        codes,
        buffer,
        networks,
        in_voxel_share=0.8,
        right_within=1e6,
        generator=torch.Generator().manual_seed(0),
    )
    assert reads.shape == (40,)
    assert (reads >= 0).all()
    assert reads[:20].sum() > 5 * reads[20:].sum()
