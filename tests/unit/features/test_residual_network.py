import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from neumap.errors import DataError, OptionError
from neumap.features.residual_network import (
    ResidualGridConfig,
    ResidualGridExtractor,
    ResidualNetwork,
    sample_maps,
)


@pytest.fixture(scope="module")
def extractor() -> ResidualGridExtractor:
    return ResidualGridExtractor.from_seed(0)


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_network_has_the_size_of_the_papers():
    network = ResidualNetwork(generator=torch.Generator().manual_seed(0))
    count = sum(parameter.numel() for parameter in network.parameters())
    assert 7.3e6 < count < 7.5e6  # 12.16 M in all less 4.74 M of the transformer


@pytest.mark.parametrize(("height", "width"), [(64, 96), (100, 75), (61, 83), (9, 8)])
def test_every_image_size_gives_a_map_of_an_eighth_rounded_up(height, width):
    network = ResidualNetwork(channels=16, generator=torch.Generator().manual_seed(0)).eval()
    with torch.inference_mode():
        maps = network(torch.rand(1, 3, height, width))
    assert maps.shape == (1, 16, -(-height // 8), -(-width // 8))


def test_map_cells_lie_at_pixel_8k_plus_a_half():
    """Only the stem's centre and its strides decide where a cell looks: perturb one pixel."""
    network = ResidualNetwork(channels=16, generator=torch.Generator().manual_seed(0)).eval()
    noise = torch.rand(1, 3, 161, 161, generator=torch.Generator().manual_seed(1))
    rgb = noise.requires_grad_()
    network(rgb)[0, :, 10, 10].square().sum().backward()
    weight = rgb.grad[0].abs().sum(0)
    centre = torch.arange(161) + 0.5
    at_x = float((weight.sum(0) * centre).sum() / weight.sum())
    assert at_x == pytest.approx(80.5, abs=2.0)


@pytest.mark.parametrize(("rows", "columns"), [(7, 5), (13, 1), (1, 1)])
def test_sampling_a_linear_map_returns_the_pixel_for_any_size(rows, columns):
    ys, xs = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    maps = torch.stack([xs * 8 + 0.5, ys * 8 + 0.5])[None].float()
    low, high = torch.tensor([0.5, 0.5]), torch.tensor([columns * 8 - 7.5, rows * 8 - 7.5])
    share = torch.rand(1, 50, 2, generator=torch.Generator().manual_seed(0))
    xy = low + share * (high - low)
    torch.testing.assert_close(sample_maps(maps, xy), xy, atol=1e-4, rtol=0)


def test_sampling_outside_takes_the_border():
    maps = torch.arange(6.0).reshape(1, 1, 2, 3)
    corners = torch.tensor([[[-50.0, -50.0], [500.0, 500.0]]])
    assert sample_maps(maps, corners).flatten().tolist() == [0.0, 5.0]


def test_key_points_are_the_cell_centres_of_an_odd_sized_photo(extractor):
    features = extractor.extract(photo(45, 67))
    assert len(features) == (45 // 8) * (67 // 8)
    assert set(np.unique(features.xy_img[:, 0] % 8)) == {4.0}
    np.testing.assert_allclose(np.linalg.norm(features.descriptors, axis=1), 1, atol=1e-5)
    assert (np.diff(features.scores) <= 0).all()


def test_a_reduced_photo_has_key_points_in_stored_pixels(extractor):
    config = ResidualGridConfig(short_side=64)
    small = ResidualGridExtractor.from_seed(0, config).extract(photo(128, 160))
    assert len(small) == 8 * 10
    assert small.xy_img.min(axis=0).tolist() == [8.0, 8.0]
    assert small.xy_img.max(axis=0).tolist() == [152.0, 120.0]


def test_a_photo_without_texture_or_without_a_cell_gives_no_key_points(extractor):
    assert len(extractor.extract(np.full((64, 64, 3), 90, np.uint8))) == 0
    assert len(extractor.extract(photo(5, 40))) == 0


def test_identity_follows_weights_and_settings(extractor):
    assert ResidualGridExtractor.from_seed(0).identity == extractor.identity
    assert ResidualGridExtractor.from_seed(1).identity != extractor.identity
    other = ResidualGridExtractor.from_seed(0, ResidualGridConfig(short_side=320))
    assert other.identity != extractor.identity


def test_saved_weights_give_equal_features(extractor, tmp_path):
    network = ResidualNetwork(generator=torch.Generator().manual_seed(0))
    path = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), path)
    read = ResidualGridExtractor.from_weights(path)
    assert read.identity == extractor.identity


def test_damaged_or_foreign_weights_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"no tensors")
    with pytest.raises(DataError, match="cannot be read"):
        ResidualGridExtractor.from_weights(path)
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(DataError, match="another network"):
        ResidualGridExtractor.from_weights(path)


def test_building_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    ResidualNetwork(channels=16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_impossible_size_is_refused():
    with pytest.raises(OptionError):
        ResidualGridConfig(short_side=4)
