"""The XFeat network (Potje et al., CVPR 2024), so that its published weights can be read.

Submodule names follow the published weight file.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


class _ConvLayer(nn.Module):
    """Convolution, batch norm without affine part, ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        padding = kernel // 2
        self.layer = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(out_channels, affine=False),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)

    def fold_norm(self) -> None:
        convolution, norm, activation = self.layer
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        self.layer = nn.Sequential(fuse_conv_bn_eval(convolution, norm), activation)


class XFeatNetwork(nn.Module):
    """Dense descriptors, key-point logits and reliability at stride 8.

    Height and width of the input must be multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        layer = _ConvLayer
        self.norm = nn.InstanceNorm2d(1)
        self.skip1 = nn.Sequential(nn.AvgPool2d(4, stride=4), nn.Conv2d(1, 24, 1))
        self.block1 = nn.Sequential(
            layer(1, 4), layer(4, 8, stride=2), layer(8, 8), layer(8, 24, stride=2)
        )
        self.block2 = nn.Sequential(layer(24, 24), layer(24, 24))
        self.block3 = nn.Sequential(layer(24, 64, stride=2), layer(64, 64), layer(64, 64, kernel=1))
        self.block4 = nn.Sequential(layer(64, 64, stride=2), layer(64, 64), layer(64, 64))
        self.block5 = nn.Sequential(
            *(layer(64, 128, stride=2), layer(128, 128), layer(128, 128)),
            layer(128, 64, kernel=1),
        )
        self.block_fusion = nn.Sequential(layer(64, 64), layer(64, 64), nn.Conv2d(64, 64, 1))
        self.heatmap_head = nn.Sequential(
            *(layer(64, 64, kernel=1), layer(64, 64, kernel=1)),
            *(nn.Conv2d(64, 1, 1), nn.Sigmoid()),
        )
        self.keypoint_head = nn.Sequential(
            *(layer(64, 64, kernel=1), layer(64, 64, kernel=1), layer(64, 64, kernel=1)),
            nn.Conv2d(64, 65, 1),
        )

    def fold_norms(self) -> None:
        """Put the batch norms into the convolutions: the same function of fewer steps.

        For evaluation only, once, after the published weights are read.
        """
        for module in self.modules():
            if isinstance(module, _ConvLayer):
                module.fold_norm()

    def describe(self, grey: Tensor) -> tuple[Tensor, Tensor]:
        """Return descriptors (not normalised) and reliability in [0, 1] of normalised grey values.

        (batch, 1, height, width) to (batch, 64, rows, columns) and (batch, 1, rows, columns); not
        in the signature, as checked shapes cannot be traced. Nearly all of the network's time; in
        bfloat16 if these layers are.
        """
        x = grey.to(next(self.block_fusion.parameters()).dtype)
        x2 = self.block2(self.block1(x) + self.skip1(x))
        x3 = self.block3(x2)
        x4 = self.block4(x3)
        x5 = self.block5(x4)
        size = x3.shape[-2:]
        x4 = functional.interpolate(x4, size, mode="bilinear")
        x5 = functional.interpolate(x5, size, mode="bilinear")
        descriptors = self.block_fusion(x3 + x4 + x5)
        return descriptors.float(), self.heatmap_head(descriptors).float()

    def key_point_logits(
        self, grey: Float[Tensor, "batch 1 height width"]
    ) -> Float[Tensor, "batch 65 rows columns"]:
        """Return what each of a cell's 64 pixels and "none" have for being a key-point."""
        return self.keypoint_head(functional.pixel_unshuffle(grey, 8))

    def describe_in_bfloat16(self) -> None:
        """Round the layers that describe; key-points stay where they are."""
        for name, module in self.named_children():
            if name != "keypoint_head":
                module.to(torch.bfloat16)


def key_point_heatmap(
    logits: Float[Tensor, "batch 65 rows columns"],
) -> Float[Tensor, "batch height width"]:
    """Spread the 64 positions of each cell over its 8 x 8 pixels; channel 64 is "none"."""
    probabilities = torch.softmax(logits.float(), dim=1)[:, :64]
    return functional.pixel_shuffle(probabilities, 8)[:, 0]
