from importlib.resources import files

import numpy as np
import pytest
import torch

from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.decoder.weights import (
    load_anchored_decoder,
    read_anchored_decoder,
    save_anchored_decoder,
)
from neumap.errors import OptionError


def small_decoder() -> AnchoredDecoder:
    rows = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float32)
    space = CodeSpace.fit(rows, np.arange(100) % 25, num_values=8)
    config = AnchoredDecoderConfig(descriptor_dim=16, width=8, hidden=8, matches="union")
    return AnchoredDecoder(space, config, generator=torch.Generator().manual_seed(3))


def test_a_decoder_comes_back_as_it_was_written(tmp_path):
    written = small_decoder()
    save_anchored_decoder(written, tmp_path / "w.safetensors")
    read = read_anchored_decoder((tmp_path / "w.safetensors").read_bytes())
    assert read.config == written.config
    assert all(
        torch.equal(value, read.state_dict()[name]) for name, value in written.state_dict().items()
    )
    assert not read.training
    assert not any(p.requires_grad for p in read.parameters())


@pytest.mark.parametrize("damage", ["cut", "empty", "json", "config"])
def test_damaged_weights_are_a_typed_error(tmp_path, damage):
    save_anchored_decoder(small_decoder(), tmp_path / "w.safetensors")
    data = (tmp_path / "w.safetensors").read_bytes()
    broken = {
        "cut": data[:-10],
        "empty": b"",
        "json": data[:8] + b"X" + data[9:],
        "config": data.replace(b"num_rounds", b"num_sounds"),
    }[damage]
    with pytest.raises(OptionError, match="cannot be read"):
        read_anchored_decoder(broken)


def test_the_packaged_weights_are_those_of_their_card_and_small():
    decoder, digest = load_anchored_decoder()
    assert len(digest) == 16
    assert decoder.config.descriptor_dim == 64
    assert decoder.code_space.num_values == 16
    path = files("neumap") / "weights" / "anchored.safetensors"
    assert len(path.read_bytes()) < 3_000_000


def test_packaged_weights_are_read_once():
    assert load_anchored_decoder()[0] is load_anchored_decoder()[0]
