import hashlib
import math

import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.codes.dense_space import DenseSpace
from neumap.codes.dense_stream import (
    DenseLevels,
    as_stored,
    codes_of_levels,
    dense_codes_of,
    dense_tensors,
    expected_tensors,
    levels_of,
    point_value_bits,
    stream_bits,
)
from neumap.codes.pruning import first_points
from neumap.errors import MapFileError

WIDTH, VALUES = 16, 6
COUNTS = (9, 5)
SPREADS = np.array([90.0, 90.0, 90.0, 6.0, 6.0, 6.0])


def made_space() -> DenseSpace:
    generator = torch.Generator().manual_seed(0)
    return DenseSpace.of_directions(
        torch.randn(WIDTH, generator=generator),
        torch.randn(VALUES, WIDTH, generator=generator),
        position_step=0.02,
        look_step=0.16,
        no_match=torch.randn(WIDTH, generator=generator),
        later=torch.randn(2, 3, WIDTH, generator=generator),
        shared_step=0.04,
    )


SPACE = made_space()


def made_levels(counts: tuple[int, ...] = COUNTS) -> DenseLevels:
    rng = np.random.default_rng(1)
    points = np.round(rng.normal(size=(sum(counts), VALUES)) * SPREADS).astype(np.int64)
    return DenseLevels(points, counts, rng.integers(-3, 4, (len(counts), 7, WIDTH)))


def made_codes(counts: tuple[int, ...] = COUNTS) -> DenseCodes:
    origins = np.arange(3.0 * len(counts)).reshape(-1, 3) + 1e6
    frames = VoxelFrames(origins, np.linspace(1.0, 2.0, len(counts)))
    return codes_of_levels(frames, made_levels(counts), SPACE)


def everything(codes: DenseCodes) -> torch.Tensor:
    values = codes.codes.detach() * codes.scales.detach()[..., None]
    return values * codes.is_kept[..., None]


def data_of(codes: DenseCodes) -> bytes:
    return dense_tensors(codes, SPACE)["codes"].tobytes()


def read(data: bytes) -> DenseCodes:
    return dense_codes_of({"codes": np.frombuffer(data, dtype=np.uint8)}, SPACE)


def test_what_was_stored_is_read_bit_by_bit():
    codes = made_codes()
    back = read(data_of(codes))
    assert torch.equal(back.is_kept, codes.is_kept)
    assert torch.equal(back.codes, codes.codes)
    assert torch.equal(back.frame_origins, codes.frame_origins)
    assert torch.equal(back.frame_lengths, codes.frame_lengths)
    assert data_of(back) == data_of(codes)


def test_codes_off_the_levels_are_stored_as_the_nearest_ones():
    codes = made_codes()
    with torch.no_grad():
        noise = torch.empty_like(codes.codes).uniform_(
            -0.004, 0.004, generator=torch.Generator().manual_seed(0)
        )
        codes.codes.add_(noise)
    levels, wanted = levels_of(codes, SPACE), made_levels()
    np.testing.assert_array_equal(levels.points, wanted.points)
    np.testing.assert_array_equal(levels.shared, wanted.shared)


def test_scales_are_multiplied_in():
    codes = made_codes()
    with torch.no_grad():
        codes.scales.fill_(0.5)
        codes.codes.mul_(2.0)
    assert data_of(codes) == data_of(made_codes())


def test_codes_are_rounded_in_a_fit_as_they_are_stored():
    codes = made_codes()
    with torch.no_grad():
        codes.codes.add_(torch.randn(codes.codes.shape, generator=torch.Generator().manual_seed(0)))
    rounded = SPACE.rounded(codes.codes) * codes.is_kept[..., None]
    torch.testing.assert_close(rounded.detach(), everything(as_stored(codes, SPACE)))


def test_gradients_pass_the_rounding_along_the_directions_of_codes():
    codes = made_codes()
    wanted = torch.randn(codes.codes.shape, generator=torch.Generator().manual_seed(2))
    (SPACE.rounded(codes.codes) * wanted).sum().backward()
    along = wanted @ SPACE.basis.T @ SPACE.basis
    torch.testing.assert_close(codes.codes.grad[:, 0, 1:], along[:, 0, 1:])
    torch.testing.assert_close(codes.codes.grad[:, 1:], wanted[:, 1:])


def test_directions_are_orthonormal_with_those_of_the_position_first():
    torch.testing.assert_close(SPACE.basis @ SPACE.basis.T, torch.eye(VALUES))
    assert SPACE.steps.tolist() == pytest.approx([0.02] * 3 + [0.16] * 3)
    with pytest.raises(ValueError, match="not independent"):
        DenseSpace.of_directions(
            torch.zeros(4),
            torch.ones(2, 4),
            position_step=1.0,
            look_step=1.0,
            no_match=torch.zeros(4),
            later=torch.zeros(1, 1, 4),
            shared_step=1.0,
        )


def test_bits_are_near_the_entropy_and_the_expected_size_is_right():
    codes = made_codes((500,))
    levels = levels_of(codes, SPACE)
    of_points = 500 * float(np.log2(SPREADS * math.sqrt(2 * math.pi * math.e)).sum())
    of_shared = levels.shared.size * math.log2(7)
    assert of_points < stream_bits(levels, SPACE) < 1.03 * (of_points + of_shared)
    bits, entropy = point_value_bits(codes, SPACE)
    assert entropy < bits < 1.03 * of_points / (500 * VALUES)
    expected = len(expected_tensors(codes, SPACE)["codes"])
    assert abs(expected - len(data_of(codes))) <= 2


def test_the_first_codes_of_every_voxel_outlast_the_others():
    few = first_points(made_codes(), 6)
    assert few.is_of_point.sum(dim=(1, 2)).tolist() == [3, 3]
    assert len(data_of(few)) < len(data_of(made_codes()))
    assert torch.equal(read(data_of(few)).codes[:, 0, :4], made_codes().codes[:, 0, :4])


def test_damaged_bytes_are_refused():
    data = data_of(made_codes())
    nan = np.array([np.nan]).tobytes()
    broken = {
        "voxels in": b"\0" + data[1:],
        "lies past|runs past|voxels in": data[:20],
        "NaN": data[:1] + nan + data[9:],
        "no length": data[:25] + bytes(4) + data[29:],
        "no codes": data[:29] + b"\0" + data[30:],
        "codes in": data[:29] + b"\xff\xff\x03" + data[30:],
    }
    for reason, changed in broken.items():
        with pytest.raises(MapFileError, match=reason):
            read(changed)
    for parts in ({}, {"codes": np.zeros(9, np.int8)}, {"layout": np.zeros(4, np.int32)}):
        with pytest.raises(MapFileError, match="its parts are"):
            dense_codes_of(parts, SPACE)


def test_the_same_codes_give_the_golden_bytes():
    """Codes from integer arithmetic alone; a change of these bytes needs another format version."""
    place = np.arange(40)
    points = (place[:, None] * 37 + np.arange(VALUES) * 11) % 60 - 30
    shared = (np.arange(7 * WIDTH).reshape(1, 7, WIDTH) * 5) % 7 - 3
    frames = VoxelFrames(np.array([[1.0, -2.0, 0.5]]), np.array([1.5]))
    codes = codes_of_levels(frames, DenseLevels(points, (40,), shared), SPACE)
    data = data_of(codes)
    assert (len(data), hashlib.sha256(data).hexdigest()[:16]) == (265, "601764689f179b80")
