import json
from pathlib import Path

import pytest
import torch

from neumap.decoder import paper_weights
from neumap.decoder.paper_weights import (
    WEIGHTS_PATH,
    load_code_start,
    load_paper_decoder,
    read_paper_weights,
    write_paper_weights,
)
from neumap.errors import MapFileError


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    path = tmp_path / "paper.safetensors"
    path.write_bytes(WEIGHTS_PATH.read_bytes())
    path.with_suffix(".json").write_bytes(WEIGHTS_PATH.with_suffix(".json").read_bytes())
    return path


def test_shipped_weights_load_frozen_and_once():
    decoder, digest = load_paper_decoder()
    again, same = load_paper_decoder()
    assert again is decoder
    assert digest == same
    assert len(digest) == 16
    assert not any(parameter.requires_grad for parameter in decoder.parameters())
    assert not any(parameter.requires_grad for parameter in load_code_start().parameters())


def test_weights_file_is_below_four_megabytes():
    assert WEIGHTS_PATH.stat().st_size < 4_000_000


def test_written_weights_read_back_to_the_same_file(copied: Path, tmp_path: Path):
    decoder, start, digest = read_paper_weights(copied)
    other = tmp_path / "again" / "paper.safetensors"
    write_paper_weights(other, decoder, start, card={"steps": 0})
    assert read_paper_weights(other)[2] == digest
    assert json.loads(other.with_suffix(".json").read_text())["steps"] == 0


@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_flipped_bit_is_refused_and_the_file_named(copied: Path, place: float):
    data = bytearray(copied.read_bytes())
    data[int(place * len(data))] ^= 4
    copied.write_bytes(bytes(data))
    with pytest.raises(MapFileError, match=r"paper\.safetensors"):
        read_paper_weights(copied)


def test_a_cut_file_is_refused(copied: Path):
    copied.write_bytes(copied.read_bytes()[:1000])
    with pytest.raises(MapFileError, match=r"paper\.safetensors"):
        read_paper_weights(copied)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_missing_file_is_refused(copied: Path, suffix: str):
    copied.with_suffix(suffix).unlink()
    with pytest.raises(MapFileError, match="paper"):
        read_paper_weights(copied)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sizes": 3, "sha256": ""}', "\0"])
def test_a_damaged_card_is_refused(copied: Path, text: str):
    copied.with_suffix(".json").write_text(text)
    with pytest.raises(MapFileError, match=r"paper\.json"):
        read_paper_weights(copied)


@pytest.mark.parametrize("width", [0, 130, 10**9])
def test_a_card_with_impossible_sizes_is_refused(copied: Path, width: int):
    card = json.loads(copied.with_suffix(".json").read_text())
    card["sizes"]["width"] = width
    copied.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(MapFileError, match="paper"):
        read_paper_weights(copied)


def test_weights_that_are_not_finite_are_refused(copied: Path, tmp_path: Path):
    decoder, start, _ = read_paper_weights(copied)
    broken = type(decoder)(decoder.config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        broken.head_output.bias.fill_(torch.nan)
    path = tmp_path / "broken" / "paper.safetensors"
    write_paper_weights(path, broken, start, card={})
    with pytest.raises(MapFileError, match="NaN"):
        read_paper_weights(path)


def test_the_loader_names_the_packaged_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    missing = tmp_path / "paper.safetensors"
    monkeypatch.setattr(paper_weights, "WEIGHTS_PATH", missing)
    with pytest.raises(MapFileError, match=str(missing)):
        load_paper_decoder()
