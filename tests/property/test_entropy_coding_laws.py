"""What is coded comes back, whatever it is, in about as many bytes as its entropy says."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neumap.codes.code_length import expected_bytes
from neumap.codes.halving_coder import halvings_in_order
from neumap.codes.level_coder import nearest_before
from neumap.codes.position_coder import (
    decode_keys,
    encode_keys,
    morton_keys,
    positions_of_keys,
)
from neumap.codes.range_coder import RangeDecoder, RangeEncoder
from neumap.codes.varint import read_varint, varint
from neumap.codes.voxel_stream import decode_voxel, encode_voxel

axis_bits_of_box = st.tuples(*[st.integers(0, 21)] * 3)


@st.composite
def symbols(draw):
    """Intervals of a total, from the narrowest to the whole."""
    total = draw(st.sampled_from([1, 2, 3, 255, 65_536, 2**32 - 5, 2**32]))
    start = draw(st.integers(0, total - 1))
    return start, draw(st.integers(1, total - start)), total


@given(st.lists(symbols(), max_size=60))
def test_a_stream_of_symbols_comes_back(listed):
    encoder = RangeEncoder()
    for symbol in listed:
        encoder.encode(*symbol)
    data = encoder.finish()
    bits = sum(np.log2(total / size) for _, size, total in listed)
    assert len(data) <= bits / 8 + 1.01 + 0.001 * len(listed)
    decoder = RangeDecoder(data)
    for start, size, total in listed:
        assert start <= decoder.part_of(total) < start + size
        decoder.take(start, size)


def test_a_carry_runs_through_many_bytes():
    encoder = RangeEncoder()
    listed = [(2**32 - 1, 1, 2**32)] * 9 + [(1, 2, 3)]
    for symbol in listed:
        encoder.encode(*symbol)
    decoder = RangeDecoder(encoder.finish())
    for start, size, total in listed:
        assert start <= decoder.part_of(total) < start + size
        decoder.take(start, size)


@given(axis_bits_of_box, st.data())
def test_morton_keys_give_the_positions_back_and_keep_their_box(axis_bits, data):
    side = 2 ** np.array(axis_bits, dtype=np.int64)
    drawn = data.draw(arrays(np.int64, (7, 3), elements=st.integers(0, 2**21 - 1)))
    positions = drawn % side
    keys = morton_keys(positions, axis_bits)
    assert (keys >= 0).all()
    assert (keys < 2 ** sum(axis_bits)).all()
    np.testing.assert_array_equal(positions_of_keys(keys, axis_bits), positions)


@given(st.integers(0, 63), st.data())
def test_sorted_keys_come_back_also_where_they_are_equal(num_bits, data):
    drawn = data.draw(st.lists(st.integers(0, 2**num_bits - 1), max_size=50))
    keys = np.sort(np.array(drawn, dtype=np.int64))
    encoder = RangeEncoder()
    encode_keys(encoder, keys, num_bits)
    decoded = decode_keys(RangeDecoder(encoder.finish()), len(keys), num_bits)
    np.testing.assert_array_equal(decoded, keys)


def test_the_order_of_points_costs_nothing():
    rng = np.random.default_rng(0)
    keys = np.sort(rng.integers(0, 2**36, 2000))
    encoder = RangeEncoder()
    encode_keys(encoder, keys, 36)
    log2_factorial = np.log2(np.arange(1, 2001)).sum()
    bound = 36 - log2_factorial / 2000
    assert bound < 8 * len(encoder.finish()) / 2000 < bound + 2.3


@given(st.integers(1, 4), st.integers(1, 5), arrays(np.int64, (40, 3), elements=st.integers(0, 15)))
def test_a_voxel_comes_back(code_bits, num_values, positions):
    axis_bits = (4, 5, 6)
    positions = positions[np.argsort(morton_keys(positions, axis_bits), kind="stable")]
    levels = (positions.sum(axis=1)[:, None] * np.arange(1, num_values + 1)) % 2**code_bits
    stream = encode_voxel(positions, levels, axis_bits=axis_bits, num_levels=2**code_bits)
    back = decode_voxel(stream, num_levels=2**code_bits, num_values=num_values)
    np.testing.assert_array_equal(back[0], positions)
    np.testing.assert_array_equal(back[1], levels)
    assert back[2] == axis_bits


def test_the_nearest_before_are_those_of_a_plain_search():
    positions = np.random.default_rng(0).integers(0, 9, (150, 3))
    found = nearest_before(positions)
    assert (found[0] == -1).all()
    for code in range(1, 150):
        before = range(max(0, code - 64), code)
        ranked = sorted(before, key=lambda j: (((positions[j] - positions[code]) ** 2).sum(), -j))
        wanted = (ranked[:3] + [ranked[-1]] * 3)[:3]
        assert found[code].tolist() == wanted


@given(st.integers(0, 2**35 - 1), st.binary(max_size=3))
def test_a_count_comes_back(value, tail):
    data = varint(value)
    assert read_varint(b"xy" + data + tail, 2) == (value, 2 + len(data))


@settings(deadline=None)
@given(st.integers(0, 60), st.sampled_from([1, 2, 3, 8]), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_bytes_of_a_voxel_are_known_before_it_is_coded(count, code_bits, has_order, seed):
    rng = np.random.default_rng(seed)
    axis_bits = (9, 7, 8)
    positions = (rng.random((count, 3)) ** 2 * [512, 128, 256]).astype(np.int64)
    positions = positions[np.argsort(morton_keys(positions, axis_bits), kind="stable")]
    spread = rng.normal(0.5, 0.2, (count, 16)) * 2**code_bits
    levels = np.clip(spread, 0, 2**code_bits - 1).astype(np.int64)
    halvings = rng.permutation(halvings_in_order(count)) if has_order and count else None
    known = {"axis_bits": axis_bits, "num_levels": 2**code_bits, "halvings": halvings}
    stream = encode_voxel(positions, levels, **known)
    assert abs(expected_bytes(positions, levels, **known) - len(stream)) <= 2
