import numpy as np
import pytest

from neumap.codes.safe_container import ContainerError, decode_header, encode_header, lay_out


def test_wide_elements_come_first_and_leave_no_gap():
    tensors = {"b": np.zeros(3, "u1"), "a": np.zeros(5, "u1"), "z": np.zeros(2, "f8")}
    places = [(spec.name, spec.begin, spec.end) for spec in lay_out(tensors)]
    assert places == [("z", 0, 16), ("a", 16, 21), ("b", 21, 24)]


def test_header_decodes_to_what_was_encoded():
    specs = lay_out({"b": np.zeros((3, 2), "u1"), "a": np.zeros(5, "i4")})
    metadata = '{"key":"value \\" é"}'
    data = encode_header(metadata, specs)
    assert decode_header(data + b"\0" * 26) == (metadata, specs, len(data))


def test_another_spelling_of_the_same_header_is_refused():
    data = encode_header("{}", [])
    text = data[8:].rstrip() + b" " * 16
    spelled = len(text).to_bytes(8, "little") + text
    with pytest.raises(ContainerError, match="canonical"):
        decode_header(spelled)
