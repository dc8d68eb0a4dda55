import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.cli.sizes import format_size, parse_size
from neumap.errors import OptionError


@pytest.mark.parametrize(
    ("text", "num_bytes"),
    [
        ("28kB", 28_000),
        ("4.2kB", 4_200),
        ("1MiB", 1_048_576),
        ("512 B", 512),
        ("2MB", 2_000_000),
        (".5kb", 500),
    ],
)
def test_sizes_are_read_as_people_write_them(text, num_bytes):
    assert parse_size(text, option="--budget") == num_bytes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, "is not a size") for text in ("", "kB", "28 kilo", "1e3", "nan", "28kB extra")),
        *((text, "has no unit") for text in ("512", "0", "28.5 ")),
        *((text, "is not above zero") for text in ("-3kB", "0kB", "0.0 MB", ".1B")),
        ("9" * 400 + "kB", "is larger than any file"),
    ],
)
def test_what_is_no_size_is_refused_by_option_and_reason(text, reason):
    with pytest.raises(OptionError, match=f"--budget.*{reason}"):
        parse_size(text, option="--budget")


@given(st.integers(1, 10**12))
def test_a_printed_size_states_its_bytes_exactly(num_bytes):
    printed = format_size(num_bytes).split(" B")[0].replace(",", "")
    assert int(printed) == num_bytes
