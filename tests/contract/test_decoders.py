"""What every scene decoder must do; each implementation is one case."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.decoder.paper_decoder import PaperDecoder, PaperDecoderConfig
from neumap.decoder.scene_coordinates import AbstractSceneDecoder
from neumap.features import LocalFeatures


@dataclass(frozen=True)
class Case:
    decoder: AbstractSceneDecoder
    codes: object
    descriptor_dim: int


def paper_case() -> Case:
    config = PaperDecoderConfig(descriptor_dim=16, width=32, num_blocks=2)
    decoder = PaperDecoder(config, generator=torch.Generator().manual_seed(0))
    codes = DenseCodes(
        VoxelFrames(np.array([[10.0, 0, 0], [0, 10.0, 0]]), np.ones(2)),
        num_blocks=2,
        codes_per_block=8,
        width=32,
        generator=torch.Generator().manual_seed(1),
    )
    return Case(decoder, codes, 16)


def anchored_case() -> Case:
    rng = np.random.default_rng(2)
    space = CodeSpace.fit(
        rng.normal(size=(200, 16)).astype(np.float32), np.arange(200) % 50, num_values=8
    )
    config = AnchoredDecoderConfig(descriptor_dim=16, width=8, num_heads=2, hidden=8)
    codes = AnchoredCodes.from_points(rng.normal(size=(40, 3)), rng.integers(0, 16, (40, 8)))
    return Case(AnchoredDecoder(space, config).eval(), codes, 16)


CASES: dict[str, Callable[[], Case]] = {"paper": paper_case, "anchored": anchored_case}


@pytest.fixture(params=sorted(CASES))
def case(request) -> Case:
    return CASES[request.param]()


def features(case: Case, count: int) -> LocalFeatures:
    rows = np.random.default_rng(0).normal(size=(count, case.descriptor_dim))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    xy_img = np.arange(2.0 * count).reshape(count, 2)
    return LocalFeatures(xy_img, rows, np.ones(count, np.float32))


def test_candidates_name_pixels_of_the_query_best_first(case):
    out = case.decoder.predict(features(case, 9), case.codes)
    assert len(out) > 0
    assert set(out.pixel_idx.tolist()) <= set(range(9))
    assert (np.diff(out.confidence) <= 0).all()
    assert out.xyz_in_world.dtype == np.float64
    assert np.isfinite(out.xyz_in_world).all()


def test_no_key_points_give_no_candidates(case):
    assert len(case.decoder.predict(features(case, 0), case.codes)) == 0


def test_no_active_voxels_give_no_candidates(case):
    nothing = np.zeros(0, dtype=np.int64)
    assert len(case.decoder.predict(features(case, 3), case.codes, voxel_idx=nothing)) == 0


def test_an_unknown_voxel_raises(case):
    with pytest.raises(ValueError, match="unknown"):
        case.decoder.predict(features(case, 3), case.codes, voxel_idx=np.array([99]))


def test_predicting_twice_gives_equal_candidates(case):
    first = case.decoder.predict(features(case, 9), case.codes)
    again = case.decoder.predict(features(case, 9), case.codes)
    np.testing.assert_array_equal(first.pixel_idx, again.pixel_idx)
    np.testing.assert_array_equal(first.xyz_in_world, again.xyz_in_world)


def test_predicting_changes_neither_network_nor_global_random_state(case):
    before = torch.random.get_rng_state()
    weights = {k: v.clone() for k, v in case.decoder.state_dict().items()}
    case.decoder.predict(features(case, 9), case.codes)
    assert all(torch.equal(v, case.decoder.state_dict()[k]) for k, v in weights.items())
    assert torch.equal(torch.random.get_rng_state(), before)
