import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from neumap.codes import map_header
from neumap.codes.map_file import (
    bytes_by_part,
    map_file_bytes,
    read_first_part,
    read_map_file,
    read_span,
    write_map_file,
)
from neumap.codes.map_header import SHORT_KEYS
from neumap.codes.payload import digests_of
from neumap.codes.safe_container import encode_header
from neumap.errors import MapFileError

HEADER = {
    "units": "metre",
    "origin": [12.345678901234567, -0.1, 4.0e6],
    "decoder": "0123456789abcdef",
    "extractor": "fedcba98",
    "layout": {"k": "anchored", "q": 2000, "e": 0.00123, "w": 16, "z": 2},
    "provenance": {"neumap": "0.1.0", "images": 700, "source": "7scenes", "seed": 0},
}
BARE = {**HEADER, "layout": {"k": "paper", "q": 1000, "width": 3}, "units": "unknown"}


def tensors_of(num_codes):
    generator = np.random.default_rng(0)
    return {
        "codes": generator.integers(0, 256, (num_codes, 8), dtype=np.uint8),
        "anchors": generator.integers(0, 256, (num_codes, 5), dtype=np.uint8),
        "tables": generator.normal(size=(2, 3)).astype(np.float32),
    }


def one_part(num_bytes):
    return {"codes": np.random.default_rng(1).integers(0, 256, num_bytes, dtype=np.uint8)}


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.neumap"
    write_map_file(path, HEADER, tensors_of(4))
    return path


def test_what_was_written_is_read(small):
    header, tensors = read_map_file(small)
    assert header == HEADER
    assert tensors.keys() == tensors_of(4).keys()
    for name, array in tensors_of(4).items():
        np.testing.assert_array_equal(tensors[name], array)
        assert tensors[name].dtype == array.dtype


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">u2", "<i4", "u8", "i8", "f2", ">f4", "f8"])
def test_every_element_type_and_shape_comes_back(tmp_path, dtype):
    path = tmp_path / "types.neumap"
    tensors = {"scalar": np.array(3, dtype), "none": np.zeros((0, 7), dtype)}
    write_map_file(path, HEADER, tensors)
    _, loaded = read_map_file(path)
    assert loaded["scalar"] == 3
    assert loaded["scalar"].shape == ()
    assert loaded["none"].shape == (0, 7)


def test_same_content_gives_the_same_bytes():
    turned = dict(reversed(HEADER.items()))
    arrays = dict(reversed(tensors_of(4).items()))
    assert map_file_bytes(turned, arrays) == map_file_bytes(HEADER, tensors_of(4))


@pytest.mark.parametrize("header", [HEADER, BARE])
def test_the_header_comes_back_with_its_defaults(tmp_path, header):
    write_map_file(tmp_path / "map.neumap", header, one_part(9))
    assert read_map_file(tmp_path / "map.neumap")[0] == header


def test_the_safetensors_library_reads_the_payload(small):
    payload = load_file(small)["c"].tobytes()
    assert tensors_of(4)["codes"].tobytes() in payload
    assert small.read_bytes().endswith(payload)


def test_parts_add_up_to_the_file_and_all_else_is_small(tmp_path):
    path = tmp_path / "map.neumap"
    short = {**HEADER, "origin": [-1.23, 4.56, 0.78]}
    write_map_file(path, short, one_part(3750))
    parts = bytes_by_part(path)
    assert parts["codes"] == 3750
    assert sum(parts.values()) == path.stat().st_size
    assert parts["header"] <= 250


def test_the_first_part_is_read_and_verified_alone(small):
    header, name, array = read_first_part(small)
    assert (header, name) == (HEADER, "anchors")
    np.testing.assert_array_equal(array, tensors_of(4)["anchors"])
    stream = read_span(small, "codes", (8, 16))
    assert stream == tensors_of(4)["codes"][1].tobytes()
    for span in ((8, 33), (-1, 4), (4, 2)):
        with pytest.raises(MapFileError, match="has no bytes"):
            read_span(small, "codes", span)
    with pytest.raises(MapFileError, match="no part"):
        read_span(small, "absent", (0, 1))


def test_a_changed_first_part_or_header_is_found_where_it_is_read_alone(small):
    good = small.read_bytes()
    length = len(good) - len(load_file(small)["c"]) + tensors_of(4)["anchors"].nbytes
    for bit in range(8 * length):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        small.write_bytes(data)
        with pytest.raises(MapFileError):
            read_first_part(small)


def test_every_single_bit_flip_is_found(small, tmp_path):
    good = small.read_bytes()
    flipped = tmp_path / "flipped.neumap"
    for bit in range(8 * len(good)):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        flipped.write_bytes(data)
        with pytest.raises(MapFileError):
            read_map_file(flipped)


def test_every_cut_and_every_added_tail_is_found(small, tmp_path):
    good = small.read_bytes()
    changed = tmp_path / "changed.neumap"
    for length in range(len(good)):
        changed.write_bytes(good[:length])
        with pytest.raises(MapFileError):
            read_map_file(changed)
    changed.write_bytes(good + b"\0")
    with pytest.raises(MapFileError):
        read_map_file(changed)


def test_another_version_is_named(small, monkeypatch):
    monkeypatch.setattr(map_header, "FORMAT_VERSION", 7)
    write_map_file(small, HEADER, tensors_of(4))
    monkeypatch.undo()
    with pytest.raises(MapFileError, match="format version 7, this neumap reads 2"):
        read_map_file(small)


def test_the_format_before_is_refused_with_its_version(tmp_path):
    inner = '{"d":"0123456789abcdef","h":"","t":"","u":"metre","v":1,"x":"fedcba98"}'
    text = json.dumps({"__metadata__": {"neumap": inner}}).encode()
    path = tmp_path / "old.neumap"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(MapFileError, match="format version 1, this neumap reads 2"):
        read_map_file(path)


def _file(header_text, data=b""):
    text = header_text.encode()
    return len(text).to_bytes(8, "little") + text + data


def _signed(metadata, data=b""):
    """A container whose digests are right, whatever its content says."""
    head = encode_header(metadata, len(data) + 32)
    return head + data + digests_of(head, [data])


def _listing(*parts, data=b"\0" * 8):
    """A map with another table of parts; hashes are those of one part."""
    fields = map_header.encode_map_header(HEADER, list(parts))
    return _signed(fields, data)


def _saying(old, new):
    """A map whose header has another spelling of something."""
    fields = map_header.encode_map_header(HEADER, None)
    assert old in fields
    return _signed(fields.replace(old, new), b"12345678")


LYING = {
    "empty file": b"",
    "huge header": (2**40).to_bytes(8, "little") + b"{}",
    "header of 5 MiB": _file('{"a":"' + "x" * 5 * 2**20 + '"}'),
    "deep nesting": _file("[" * 100_000),
    "not JSON": _file("{broken"),
    "not UTF-8": (8).to_bytes(8, "little") + b'{"\xff":1} ',
    "a list": _file("[]"),
    "no metadata": _file('{"c":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "foreign metadata": _file('{"__metadata__":{"format":"pt"}}'),
    "metadata of another type": _file('{"__metadata__":{"neumap":3}}'),
    "a list as metadata": _file('{"__metadata__":[]}'),
    "no version": _signed("{}"),
    "metadata that is not JSON": _signed("'v':2 and more"),
    "nothing but the version": _signed("{'v':2}"),
    "a layout that is a list": _saying("'l':{'e':0.00123}", "'l':[]"),
    "a layout of another kind": _saying("'e':0.00123", "'e':0.00123,'k':'other'"),
    "a kind that is a list": _saying("'e':0.00123", "'e':0.00123,'k':[]"),
    "a default that is written": _saying("'e':0.00123", "'e':0.00123,'q':2000"),
    "a long key": _saying("'n':700", "'images':700"),
    "keys in another order": _saying("'n':700,'r':0", "'r':0,'n':700"),
    "a key twice": _saying("'n':700", "'n':700,'n':700"),
    "white space": _saying("'n':700", "'n': 700"),
    "NaN": _saying("'e':0.00123", "'e':NaN"),
    "infinite": _saying("'e':0.00123", "'e':1e999"),
    "no networks": _saying("'d':'ASNFZ4mrze/+3LqY'", "'d':'!'"),
    "a shorter network": _saying("'d':'ASNFZ4mrze/+3LqY'", "'d':'ASNFZ4mr'"),
    "two origins": _saying("[12.345678901234567,", "["),
    "no parts": _signed(map_header.encode_map_header(HEADER, None))[:-40],
    "overflow": _listing(["a", "F64", 4294967296, 4294967296]),
    "zero times huge": _listing(["a", "U8", 0, 9223372036854775807]),
    "negative": _listing(["a", "U8", -8, -1]),
    "true": _listing(["a", "U8", True, 8]),
    "beyond": _listing(["a", "U8", 80]),
    "short": _listing(["a", "U8", 4]),
    "element type": _listing(["a", "BF16", 4]),
    "element type of a list": _listing(["a", [], 8]),
    "nine axes": _listing(["a", "U8", 1, 1, 1, 1, 1, 1, 1, 1, 8]),
    "no element type": _listing(["a"]),
    "not a row": _listing("a"),
    "a bad name": _listing(["../a", "U8", 8]),
    "a part twice": _listing(["a", "U8", 4], ["a", "U8", 4], data=b"\0" * 40),
    "NaN in a part": _listing(["a", "F64", 1], data=b"\xff" * 8),
}


@pytest.mark.parametrize("name", LYING)
def test_lying_headers_are_refused(tmp_path, name):
    path = tmp_path / "lying.neumap"
    path.write_bytes(LYING[name])
    with pytest.raises(MapFileError):
        read_map_file(path)
    with pytest.raises(MapFileError):
        read_first_part(path)


def test_rewritten_header_without_its_hash_is_refused(small):
    good = small.read_bytes()
    changed = good.replace(b"7scenes", b"6scenes")
    assert changed != good
    small.write_bytes(changed)
    with pytest.raises(MapFileError, match="SHA-256"):
        read_map_file(small)


def test_too_many_parts_are_refused(tmp_path):
    path = tmp_path / "many.neumap"
    path.write_bytes(_listing(*([f"a{index:03d}", "U8", 0] for index in range(65))))
    with pytest.raises(MapFileError, match="more than 64"):
        read_map_file(path)


@pytest.mark.parametrize(
    ("header", "tensors"),
    [
        ({key: value for key, value in HEADER.items() if key != "units"}, {}),
        ({**HEADER, "origin": [0.0, float("nan"), 0.0]}, {}),
        ({**HEADER, "origin": [0.0, 0.0]}, {}),
        ({**HEADER, "provenance": {"loss": float("inf")}}, {}),
        ({**HEADER, "u": 1}, {}),
        ({**HEADER, "layout": {**HEADER["layout"], "t": 1}}, {}),
        ({**HEADER, "layout": {"k": "anchored", "q": 2000}}, {}),
        ({**HEADER, "layout": {"k": "other", "q": 2000}}, {}),
        ({**HEADER, "layout": 3}, {}),
        ({**HEADER, "decoder": "0123"}, {}),
        ({**HEADER, "extractor": "FEDCBA98"}, {}),
        (HEADER, {"codes": np.array([np.nan])}),
        (HEADER, {"codes": np.array(["text"])}),
        (HEADER, {"codes": np.array([1j])}),
        (HEADER, {"Bad name": np.zeros(1)}),
    ],
)
def test_content_that_the_format_cannot_hold_is_not_written(tmp_path, header, tensors):
    path = tmp_path / "never.neumap"
    with pytest.raises(ValueError, match=r".+"):
        write_map_file(path, header, tensors)
    assert list(tmp_path.iterdir()) == []


def test_missing_file_and_folder_are_typed_errors(tmp_path):
    with pytest.raises(MapFileError, match="cannot be read"):
        read_map_file(tmp_path / "absent.neumap")
    with pytest.raises(MapFileError, match="cannot be read"):
        read_map_file(tmp_path)
    with pytest.raises(MapFileError, match="cannot be written"):
        write_map_file(tmp_path / "absent" / "map.neumap", HEADER, {})


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_interrupted_write_keeps_the_old_file_and_leaves_no_other(small, monkeypatch, error):
    old = small.read_bytes()

    def fail(_handle):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((MapFileError, KeyboardInterrupt)):
        write_map_file(small, HEADER, tensors_of(9))
    assert small.read_bytes() == old
    assert list(small.parent.iterdir()) == [small]


def test_short_names_are_unique_and_shorter():
    assert len(set(SHORT_KEYS.values())) == len(SHORT_KEYS)
    assert all(len(short) == 1 for short in SHORT_KEYS.values())


def test_header_is_plain_json_in_one_metadata_field(small):
    data = small.read_bytes()
    length = int.from_bytes(data[:8], "little")
    fields = json.loads(data[8 : 8 + length])
    assert sorted(fields) == ["__metadata__", "c"]
    inner = json.loads(fields["__metadata__"]["neumap"].replace("'", '"'))
    assert sorted(inner) == ["d", "l", "o", "p", "t", "v"]
    assert b"\\" not in data[: 8 + length]


def test_quotes_in_texts_come_back(tmp_path):
    quoted = {**HEADER, "provenance": {"source": 'it\'s "quoted" \\ é'}}
    write_map_file(tmp_path / "map.neumap", quoted, one_part(3))
    assert read_map_file(tmp_path / "map.neumap")[0] == quoted


def test_map_file_module_names_no_pickle():
    import neumap.codes.map_file as module

    assert "pickle" not in Path(str(module.__file__)).read_text(encoding="utf-8")
