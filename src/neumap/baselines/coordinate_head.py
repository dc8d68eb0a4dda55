"""A network that gives every key-point of one scene a world point: ACE's head.

Brachmann, Cavallari and Prisacariu, CVPR 2023, section 3.2 and the supplement: residual layers of
1 x 1 convolutions, which for single key-points are linear layers, and a homogeneous output.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_LEAST_WEIGHT = 0.25  # homogeneous weight: so far from the centre, in its unit, divided by 1
_MOST_WEIGHT = 100.0
_SHARPNESS = math.log(2) / (1 - _LEAST_WEIGHT)  # the weight is 1 where the network says 0


class _Residual(nn.Module):
    """Three layers around which the input is carried."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
            *(nn.Linear(width, width), nn.ReLU()),
        )

    def forward(self, x: Float[Tensor, "pixel width"]) -> Float[Tensor, "pixel width"]:
        return x + self.layers(x)


class CoordinateHead(nn.Module):
    """Descriptors of unit length to world points."""

    center: Tensor
    unit: Tensor

    def __init__(self, *, descriptor_dim: int, width: int, num_blocks: int = 2) -> None:
        super().__init__()
        self._gain = descriptor_dim**0.5  # values of a unit vector are then of size 1
        self.layers = nn.Sequential(
            *(nn.Linear(descriptor_dim, width), nn.ReLU()),
            *(_Residual(width) for _ in range(num_blocks)),
            *(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
            nn.Linear(width, 4),
        )
        self.register_buffer("center", torch.zeros(3))
        self.register_buffer("unit", torch.ones(()))

    def place(self, center: Float[Tensor, " 3"], unit: float) -> None:
        """Set the middle of the scene, and the length of the world that the network calls 1."""
        self.center = center
        self.unit = torch.tensor(unit)

    def half_rounded(self) -> "CoordinateHead":
        """Round the weights to half precision, as they are stored, and return the head."""
        for parameter in self.parameters():
            parameter.data = parameter.data.half().float()
        return self

    def num_bytes(self) -> int:
        """Bytes of the weights in half precision, and of centre and unit in single precision."""
        return 2 * sum(p.numel() for p in self.parameters()) + 4 * 4

    def forward(self, descriptors: Float[Tensor, "pixel channel"]) -> Float[Tensor, "pixel 3"]:
        """Return positions in the world."""
        out = self.layers(descriptors * self._gain)
        weight = functional.softplus(out[:, 3:], beta=_SHARPNESS) + _LEAST_WEIGHT
        return out[:, :3] / weight.clamp(max=_MOST_WEIGHT) * self.unit + self.center
