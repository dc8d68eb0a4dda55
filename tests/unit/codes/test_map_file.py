import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from neumap.codes.map_file import (
    SHORT_KEYS,
    SHORT_TENSORS,
    bytes_by_part,
    map_file_bytes,
    read_map_file,
    write_map_file,
)
from neumap.codes.safe_container import TensorSpec, encode_header
from neumap.errors import MapFileError

HEADER = {
    "units": "metre",
    "origin": [12.345678901234567, -0.1, 4.0e6],
    "decoder": "0123456789abcdef",
    "extractor": "fedcba9876543210",
    "layout": {"bits": 4, "width": 16},
    "provenance": {"neumap": "0.1.0", "images": 700, "source": "cameras.json", "seed": 0},
}


def tensors_of(num_codes):
    generator = np.random.default_rng(0)
    return {
        "codes": generator.integers(0, 256, (num_codes, 8), dtype=np.uint8),
        "anchors": generator.integers(0, 256, (num_codes, 5), dtype=np.uint8),
        "tables": generator.normal(size=(2, 3)).astype(np.float32),
    }


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


def test_the_safetensors_library_reads_the_same_tensors(small):
    for name, array in load_file(small).items():
        long = next(key for key, short in SHORT_TENSORS.items() if short == name)
        np.testing.assert_array_equal(array, tensors_of(4)[long])


def test_parts_add_up_to_the_file_and_the_header_is_small(tmp_path):
    path = tmp_path / "map.neumap"
    write_map_file(path, HEADER, tensors_of(270))
    parts = bytes_by_part(path)
    assert parts["codes"] == 270 * 8
    assert parts["anchors"] == 270 * 5
    assert sum(parts.values()) == path.stat().st_size < 4200
    assert parts["header"] < 650


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
    monkeypatch.setattr("neumap.codes.map_file.FORMAT_VERSION", 7)
    write_map_file(small, HEADER, tensors_of(4))
    monkeypatch.undo()
    with pytest.raises(MapFileError, match="format version 7, this neumap reads 1"):
        read_map_file(small)


def _file(header_text, data=b""):
    text = header_text.encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def _with_tensor(description):
    return _file('{"__metadata__":{"neumap":"{}"},"a":' + description + "}", b"\0" * 8)


SPAN = '"data_offsets":[0,8]}'
LYING = {
    "empty file": b"",
    "huge header": (2**40).to_bytes(8, "little") + b"{}",
    "header of 5 MiB": _file('{"a":"' + "x" * 5 * 2**20 + '"}'),
    "deep nesting": _file("[" * 100_000),
    "not JSON": _file("{broken"),
    "not UTF-8": (8).to_bytes(8, "little") + b'{"\xff":1} ',
    "a list": _file("[]"),
    "no metadata": _file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "foreign metadata": _file('{"__metadata__":{"format":"pt"}}'),
    "metadata of another type": _file('{"__metadata__":{"neumap":3}}'),
    "NaN": _with_tensor('{"dtype":"U8","shape":[NaN],"data_offsets":[0,8]}'),
    "infinite": _with_tensor('{"dtype":"U8","shape":[1e999],"data_offsets":[0,8]}'),
    "twice": _with_tensor('{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}'),
    "overflow": _with_tensor(
        '{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8]}'
    ),
    "zero times huge": _with_tensor(
        '{"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]}'
    ),
    "negative": _with_tensor('{"dtype":"U8","shape":[-8,-1],"data_offsets":[0,8]}'),
    "true": _with_tensor('{"dtype":"U8","shape":[true,8],"data_offsets":[0,8]}'),
    "beyond": _with_tensor('{"dtype":"U8","shape":[80],"data_offsets":[0,80]}'),
    "hole": _with_tensor('{"dtype":"U8","shape":[4],"data_offsets":[4,8]}'),
    "short": _with_tensor('{"dtype":"U8","shape":[4],"data_offsets":[0,4]}'),
    "backwards": _with_tensor('{"dtype":"U8","shape":[8],"data_offsets":[8,0]}'),
    "element type": _with_tensor('{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}'),
    "nine axes": _with_tensor('{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,8],"data_offsets":[0,8]}'),
    "missing field": _with_tensor('{"dtype":"U8","shape":[8]}'),
    "not an object": _with_tensor("8"),
}


@pytest.mark.parametrize("name", LYING)
def test_lying_headers_are_refused(tmp_path, name):
    path = tmp_path / "lying.neumap"
    path.write_bytes(LYING[name])
    with pytest.raises(MapFileError):
        read_map_file(path)
    with pytest.raises(MapFileError):
        bytes_by_part(path)


def test_rewritten_header_without_its_hash_is_refused(small):
    good = small.read_bytes()
    changed = good.replace(b"metre", b"yards")
    assert changed != good
    small.write_bytes(changed)
    with pytest.raises(MapFileError, match="SHA-256"):
        read_map_file(small)


def test_too_many_tensors_are_refused(tmp_path):
    specs = [TensorSpec(f"a{index:03d}", "U8", (0,), 0, 0) for index in range(65)]
    path = tmp_path / "many.neumap"
    path.write_bytes(encode_header("{}", specs))
    with pytest.raises(MapFileError, match="65 tensors"):
        read_map_file(path)


@pytest.mark.parametrize(
    ("header", "tensors"),
    [
        ({key: value for key, value in HEADER.items() if key != "units"}, {}),
        ({**HEADER, "origin": [0.0, float("nan"), 0.0]}, {}),
        ({**HEADER, "origin": [0.0, 0.0]}, {}),
        ({**HEADER, "provenance": {"loss": float("inf")}}, {}),
        ({**HEADER, "u": 1}, {}),
        ({**HEADER, "layout": {"h": 1}}, {}),
        (HEADER, {"codes": np.array([np.nan])}),
        (HEADER, {"codes": np.array(["text"])}),
        (HEADER, {"codes": np.array([1j])}),
        (HEADER, {"c": np.zeros(1)}),
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
    for names in (SHORT_KEYS, SHORT_TENSORS):
        assert len(set(names.values())) == len(names)
        assert all(len(short) == 1 for short in names.values())


def test_header_is_plain_json_in_one_metadata_field(small):
    data = small.read_bytes()
    length = int.from_bytes(data[:8], "little")
    fields = json.loads(data[8 : 8 + length])
    inner = json.loads(fields["__metadata__"]["neumap"])
    assert sorted(inner) == ["d", "h", "l", "o", "p", "t", "u", "v", "x"]
    assert length % 8 == 0


def test_map_file_module_names_no_pickle():
    import neumap.codes.map_file as module

    assert "pickle" not in Path(str(module.__file__)).read_text(encoding="utf-8")
