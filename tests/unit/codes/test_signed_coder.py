import numpy as np
import pytest

from neumap.codes.range_coder import RangeDecoder, RangeEncoder
from neumap.codes.signed_coder import bits_of_signed, decode_signed, encode_signed


def encoded(numbers: np.ndarray, groups: tuple[int, ...]) -> bytes:
    encoder = RangeEncoder()
    encode_signed(encoder, numbers, groups)
    return encoder.finish()


def gaussian(seed: int, rows: int, spreads: list[float]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(size=(rows, len(spreads))) * spreads).astype(np.int64)


@pytest.mark.parametrize("spreads", [[0.2, 0.2], [3.0, 200.0], [1.0, 9000.0]])
def test_numbers_come_back(spreads):
    numbers = gaussian(0, 50, spreads)
    data = encoded(numbers, (0, 1))
    np.testing.assert_array_equal(decode_signed(RangeDecoder(data), 50, (0, 1)), numbers)


def test_the_largest_numbers_and_none_at_all_come_back():
    numbers = np.array([[32767, -32767], [0, 1], [-1, 2], [3, -4], [7, -8]])
    data = encoded(numbers, (0, 0))
    np.testing.assert_array_equal(decode_signed(RangeDecoder(data), 5, (0, 0)), numbers)
    assert decode_signed(RangeDecoder(b""), 0, (0, 0)).shape == (0, 2)


@pytest.mark.parametrize("seed", range(5))
def test_computed_bits_are_those_of_the_coder(seed):
    numbers = gaussian(seed, 40 * seed + 1, [200.0, 5.0, 7.0, 0.4])
    groups = (0, 1, 1, 2)
    assert abs(8 * len(encoded(numbers, groups)) - bits_of_signed(numbers, groups)) <= 16


def test_bits_of_gaussian_numbers_are_close_to_their_entropy():
    numbers = gaussian(0, 1000, [8.0] * 8)
    entropy = np.log2(8.0 * np.sqrt(2 * np.pi * np.e)) * numbers.size
    assert entropy < bits_of_signed(numbers, (0,) * 8) < 1.02 * entropy
