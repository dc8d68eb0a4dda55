import hashlib
import json

import pytest
import torch

from neumap.errors import OptionError
from neumap.features import denoiser
from neumap.features.blobs import difference_of_gaussians, smoothed
from neumap.features.denoiser import (
    DenoisingNetwork,
    load_denoiser,
    noise_ratio,
    normalised,
    write_denoiser,
)


def photo(height=64, width=96, seed=0):
    """Smooth random grey values of deviation 40."""
    grey = torch.randn(height, width, generator=torch.Generator().manual_seed(seed))
    grey = smoothed(grey, 2.5)
    return 120 + 40 * (grey - grey.mean()) / grey.std()


def noise_of(grey, deviation):
    return deviation * torch.randn(grey.shape, generator=torch.Generator().manual_seed(9))


def test_the_noise_ratio_is_that_of_the_noise_to_the_structure():
    grey = photo(256, 256)
    structure = difference_of_gaussians(grey).std()
    noisy = grey + noise_of(grey, 3.0 * float(structure))
    differences = difference_of_gaussians(grey)
    assert noise_ratio(noisy, differences) == pytest.approx(3.0, rel=0.1)
    assert noise_ratio(grey, differences) < 0.3


def test_the_noise_ratio_does_not_depend_on_brightness_and_contrast():
    noisy = photo() + noise_of(photo(), 10.0)
    faint = 0.2 * noisy + 5
    ratios = [noise_ratio(grey, difference_of_gaussians(grey)) for grey in (noisy, faint)]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)


def test_an_initialised_network_gives_the_normalised_grey_values():
    network = DenoisingNetwork()
    network.initialise(torch.Generator().manual_seed(1))
    rgb = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(2)) * 255
    grey = network(rgb)
    torch.testing.assert_close(grey, normalised(rgb.mean(dim=1, keepdim=True)))


def test_the_packaged_network_brings_a_noisy_photo_nearer_to_the_clean_one():
    network, digest = load_denoiser()
    clean = photo(96, 128)
    noisy = (clean + noise_of(clean, 40.0)).expand(1, 3, -1, -1).contiguous()
    target = normalised(clean[None, None])
    with torch.inference_mode():
        before = (normalised(noisy.mean(dim=1, keepdim=True)) - target).square().mean()
        after = (normalised(network(noisy)) - target).square().mean()
    assert after < 0.6 * before
    assert len(digest) == 64


def test_weights_are_written_with_a_card_that_names_their_hash(tmp_path):
    path = tmp_path / "denoiser.safetensors"
    write_denoiser(DenoisingNetwork(), path, card={"name": "denoiser"})
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card["bytes"] == path.stat().st_size < 400_000


@pytest.mark.parametrize("damage", ["weights", "card"])
def test_damaged_weights_are_refused(tmp_path, monkeypatch, damage):
    folder = tmp_path / "weights"
    folder.mkdir()
    path = folder / "denoiser.safetensors"
    write_denoiser(DenoisingNetwork(), path, card={})
    if damage == "weights":
        path.write_bytes(path.read_bytes()[:-4])
    else:
        path.with_suffix(".json").write_text('{"sha256": "0"}')
    monkeypatch.setattr(denoiser, "files", lambda _: tmp_path)
    with pytest.raises(OptionError, match="denoiser weights"):
        load_denoiser.__wrapped__()
