import pytest

from neumap.codes.safe_container import (
    ContainerError,
    check_header,
    encode_header,
    header_length,
    metadata_of,
)

METADATA = '{"key":"value \\" é"}'


def test_header_decodes_to_what_was_encoded():
    header = encode_header(METADATA, 26)
    num_file_bytes = len(header) + 26
    assert header_length(header + b"payload", num_file_bytes) == len(header)
    assert metadata_of(header) == METADATA
    check_header(header, METADATA, num_file_bytes)


@pytest.mark.parametrize("change", [-1, 1, 100])
def test_a_file_of_another_size_is_refused(change):
    header = encode_header(METADATA, 26)
    with pytest.raises(ContainerError, match="canonical"):
        check_header(header, METADATA, len(header) + 26 + change)


def test_another_spelling_of_the_same_header_is_refused():
    text = encode_header("{}", 0)[8:] + b" " * 16
    spelled = len(text).to_bytes(8, "little") + text
    with pytest.raises(ContainerError, match="canonical"):
        check_header(spelled, metadata_of(spelled), len(spelled))


def test_a_header_longer_than_its_file_is_refused():
    header = encode_header("{}", 0)
    with pytest.raises(ContainerError, match="states a header"):
        header_length(header, len(header) - 1)
    with pytest.raises(ContainerError, match="less than a header"):
        header_length(header[:7], 7)
