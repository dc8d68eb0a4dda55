"""The paper's image branch: a residual network of stride 8 read at a regular grid of pixels.

Variant for colour photos of the released models: first convolution to 64 channels, stages of
128, 256, 256 channels with strides 2, 2, 1, two further blocks and a 1x1 convolution to 256.
Legend: B image, h w feature rows and columns, N pixel, C channel.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from neumap.errors import DataError, OptionError
from neumap.features.extractor import AbstractExtractor
from neumap.features.local_features import LocalFeatures
from neumap.geometry.pixels import cell_centers

STRIDE = 8


def _convolution(channels: tuple[int, int], size: int, stride: int) -> nn.Conv2d:
    # Built on `meta`, a layer draws nothing from the global random state; the network fills it.
    layer = nn.Conv2d(*channels, size, stride=stride, padding=size // 2, bias=False, device="meta")
    return layer.to_empty(device="cpu")


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.convolution1 = _convolution((in_channels, out_channels), 3, stride)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.convolution2 = _convolution((out_channels, out_channels), 3, 1)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            shortcut = _convolution((in_channels, out_channels), 1, stride)
            self.shortcut = nn.Sequential(shortcut, nn.BatchNorm2d(out_channels))

    def forward(self, maps: Float[Tensor, "image in_c h w"]) -> Float[Tensor, "image out_c h2 w2"]:
        """Return the block's maps, of 1/stride of the size (rounded up)."""
        inner = functional.relu(self.norm1(self.convolution1(maps)))
        return functional.relu(self.shortcut(maps) + self.norm2(self.convolution2(inner)))


class ResidualNetwork(nn.Module):
    """Photos to feature maps of 1/8 of their size, rounded up; any image size will do."""

    def __init__(self, *, channels: int = 256, generator: torch.Generator) -> None:
        super().__init__()
        half = channels // 2
        self.stem = nn.Sequential(_convolution((3, 64), 7, 2), nn.BatchNorm2d(64), nn.ReLU())
        plan = [(64, half, 2), (half, half, 1), (half, channels, 2)] + [(channels, channels, 1)] * 5
        self.blocks = nn.Sequential(*[ResidualBlock(a, b, stride) for a, b, stride in plan])
        self.head = _convolution((channels, channels), 1, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu", generator=generator
                )

    def forward(self, rgb: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image c h w"]:
        """Describe photos with values in [0, 1]."""
        return self.head(self.blocks(self.stem(2 * rgb - 1)))


def sample_maps(
    maps: Float[Tensor, "image c h w"], xy_img: Float[Tensor, "image pixel 2"]
) -> Float[Tensor, "image pixel c"]:
    """Read stride-8 maps at corner-origin pixels, bilinearly, differentiably.

    Each halving centres output k on input 2k, so map cell k lies at pixel 8k + 0.5 whatever the
    image size; positions beyond the outermost cells take the border's value.
    """
    height, width = maps.shape[-2:]
    cell = (xy_img - 0.5) / STRIDE
    cell_x, cell_y = cell[..., 0].clamp(0, width - 1), cell[..., 1].clamp(0, height - 1)
    left, top = cell_x.floor().long(), cell_y.floor().long()
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    weight_x, weight_y = (cell_x - left)[..., None], (cell_y - top)[..., None]
    flat = maps.flatten(2).transpose(1, 2)

    def at(row: Tensor, column: Tensor) -> Tensor:
        index = (row * width + column)[..., None].expand(-1, -1, flat.shape[2])
        return flat.gather(1, index)

    upper = at(top, left) * (1 - weight_x) + at(top, right) * weight_x
    lower = at(bottom, left) * (1 - weight_x) + at(bottom, right) * weight_x
    return upper * (1 - weight_y) + lower * weight_y


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidualGridConfig:
    """Settings of the residual extractor."""

    short_side: int = 480
    """Larger photos are reduced until the short side has this many pixels (paper: 480)."""
    min_contrast: float = 0.01
    """A photo whose grey values (0 to 1) deviate less than this has no texture to describe."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.short_side < STRIDE or self.min_contrast < 0:
            reason = f"{self} is out of range"
            raise OptionError("ResidualGridConfig", reason, "See the fields' descriptions.")


class ResidualGridExtractor(AbstractExtractor):
    """The residual network read at the centres of 8 x 8 cells, contrast as the score."""

    def __init__(self, network: ResidualNetwork, config: ResidualGridConfig | None = None) -> None:
        self._network = network.eval()
        self._config = config if config is not None else ResidualGridConfig()
        digest = hashlib.sha256()
        for name, tensor in sorted(network.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().numpy().tobytes())
        self._identity = f"residual-grid {self._config} {digest.hexdigest()[:12]}"

    @classmethod
    def from_seed(
        cls, seed: int, config: ResidualGridConfig | None = None
    ) -> "ResidualGridExtractor":
        """Build with random weights, for training or tests."""
        generator = torch.Generator().manual_seed(seed)
        return cls(ResidualNetwork(generator=generator), config)

    @classmethod
    def from_weights(
        cls, path: Path, config: ResidualGridConfig | None = None
    ) -> "ResidualGridExtractor":
        """Read trained weights (safetensors); raises DataError if they do not fit."""
        network = ResidualNetwork(generator=torch.Generator().manual_seed(0))
        remedy = "Use the weights file of this extractor."
        try:
            state = load_file(path)
        except (OSError, SafetensorError) as error:
            raise DataError(str(path), f"cannot be read ({error})", remedy) from error
        expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
        if {name: tensor.shape for name, tensor in state.items()} != expected:
            raise DataError(str(path), "holds the tensors of another network", remedy)
        network.load_state_dict(state)
        return cls(network, config)

    @property
    def identity(self) -> str:
        """Name, settings and weights hash."""
        return self._identity

    @property
    def descriptor_dim(self) -> int:
        """Number of channels of a descriptor."""
        return self._network.head.out_channels

    @torch.inference_mode()
    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Describe the cells of one photo; none if it has no texture or no whole cell."""
        height, width = rgb.shape[:2]
        image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255
        reduction = self._config.short_side / min(height, width)
        if reduction < 1:
            size = [max(1, round(height * reduction)), max(1, round(width * reduction))]
            image = functional.interpolate(image, size, mode="bilinear", antialias=True)
        small_height, small_width = image.shape[-2:]
        xy = torch.from_numpy(cell_centers(small_width, small_height, STRIDE)).float()
        grey = image.mean(dim=1, keepdim=True)
        if len(xy) == 0 or float(grey.std()) < self._config.min_contrast:
            channels = np.zeros((0, self.descriptor_dim), dtype=np.float32)
            return LocalFeatures(np.zeros((0, 2)), channels, np.zeros(0, dtype=np.float32))
        mean = functional.avg_pool2d(grey, STRIDE)
        variance = functional.avg_pool2d(grey**2, STRIDE) - mean**2
        scores = variance.clamp(min=1e-8).sqrt().flatten()
        order = scores.argsort(descending=True, stable=True)
        sampled = sample_maps(self._network(image), xy[None])[0]
        descriptors = functional.normalize(sampled, dim=-1)[order]
        ratio = np.array([width / small_width, height / small_height])
        return LocalFeatures(
            xy[order].double().numpy() * ratio, descriptors.numpy(), scores[order].numpy()
        )
