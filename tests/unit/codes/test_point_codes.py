from dataclasses import replace

import numpy as np
import pytest

from made_scene import MADE_HEADER
from neumap.codes.anchored_file import header_with_codes
from neumap.codes.code_space import CodeSpace
from neumap.codes.point_codes import PointCodes
from neumap.scene.voxels import VoxelGrid


@pytest.fixture(scope="module", params=[None, 2.0], ids=["one box", "voxels"])
def points(request):
    rng = np.random.default_rng(0)
    xyz = rng.normal(size=(500, 3))
    space = CodeSpace(
        np.zeros(64, dtype=np.float32),
        np.eye(16, 64, dtype=np.float32),
        np.ones(16, dtype=np.float32),
        4,
    )
    grid = None
    if request.param is not None:
        grid = VoxelGrid.from_points(xyz, side=request.param)
        xyz = xyz[grid.voxel_idx(xyz) >= 0]
    return PointCodes(
        xyz_in_world=xyz, header=MADE_HEADER, space=space, grid=grid, anchor_bits=9, has_order=False
    )


@pytest.fixture(scope="module")
def values(points):
    rng = np.random.default_rng(1)
    return rng.normal(size=(len(points.xyz_in_world), 16)).astype(np.float32)


@pytest.mark.parametrize("budget", [900, 1_345])
def test_the_most_points_fill_a_budget_within_a_hundredth(points, values, budget):
    codes = points.most_within(values, budget, least=30)
    assert 0.99 * budget <= points.size(codes) <= budget


def test_too_few_bytes_hold_none(points, values):
    assert points.most_within(values, 300, least=30) is None


def test_spare_bytes_are_filled_within_two_hundredths_until_codes_are_at_their_finest(
    points, values
):
    smallest = points.size(points.of(values))
    finest = points.size(points.finest_within(values, 10**6, most_bits=16))
    sizes = []
    for budget in np.linspace(smallest, finest, 5).astype(int).tolist():
        codes = points.finest_within(values, budget, most_bits=16)
        sizes.append(points.size(codes))
        assert len(codes) == len(values)
        assert sizes[-1] <= budget
        if points.grid is None:  # voxels keep their edges, so that their steps are halved whole
            assert sizes[-1] >= 0.98 * budget or codes.code_bits == 2
    assert sizes == sorted(sizes)


def test_finer_codes_are_nearer_to_their_points(points, values):
    fine = points.finest_within(values, 10**6, most_bits=16)
    gap = np.linalg.norm(fine.anchors_in_world[:, None] - points.xyz_in_world[None], axis=2)
    assert gap.min(axis=1).max() < 1e-3
    assert fine.code_bits == 8


def test_a_header_says_of_codes_what_holds_for_these_alone(points, values):
    ordered = replace(points, has_order=True).of(values)
    header = header_with_codes(points.header, ordered)
    assert header["layout"]["i"] == 1
    assert "i" not in header_with_codes(header, points.of(values))["layout"]
