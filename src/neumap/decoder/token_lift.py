"""Thin codes lifted to tokens, once a map: what a code looks like and what else looks like it.

Anchors enter the decoder only through distances between them, in units of their spread: so its
answers do not depend on where the world's origin is, how it is turned, or its unit.
Legend: K code, D width.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn import functional

from neumap.decoder.attention import linear_layer

_NUM_RIVALS = 4
_DENSITY_SCALES = (0.05, 0.15, 0.5)
VIEW_SCALES = (0.1, 0.3)
"""Widths of the kernels between anchors, in units of the anchors' spread."""


@dataclass(frozen=True, eq=False)
class LiftedCodes:
    """Everything that the decoder needs of a map's active codes."""

    unit_codes: Float32[Tensor, "code value"]
    """Dequantised codes at unit length."""
    xyz: Float32[Tensor, "code 3"]
    """Anchors relative to their mean, in units of their root mean square distance from it."""
    facts: Float32[Tensor, "code fact"]
    """Cosines with the most alike other codes, and how dense anchors are around this one."""
    nearness: Float32[Tensor, "scale code code"]
    """Kernels between anchors, one for each of VIEW_SCALES; each row sums to 1."""

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.unit_codes)

    @classmethod
    def from_codes(
        cls, unit_codes: Float32[Tensor, "code value"], xyz_in_world: Float[Tensor, "code 3"]
    ) -> "LiftedCodes":
        """Normalise anchors (float64, any frame and unit) and compare the codes.

        Gradients flow into `unit_codes` alone.
        """
        centred = xyz_in_world - xyz_in_world.mean(dim=0)
        spread = centred.square().sum(dim=1).mean().sqrt()
        xyz = (centred / spread.clamp(min=1e-12)).float()
        squared = torch.cdist(xyz, xyz).square()
        alike = unit_codes.detach() @ unit_codes.detach().T
        alike.fill_diagonal_(-1.0)
        num_rivals = min(_NUM_RIVALS, len(xyz))
        rivals = alike.topk(num_rivals, dim=1).values
        rivals = functional.pad(rivals, (0, _NUM_RIVALS - num_rivals), value=-1.0)
        density = [(1 / (1 + squared / s**2)).sum(dim=1).log() for s in _DENSITY_SCALES]
        nearness = torch.stack([1 / (1 + squared / s**2) ** 2 for s in VIEW_SCALES])
        nearness = nearness / nearness.sum(dim=2, keepdim=True)
        facts = torch.cat([rivals, torch.stack(density, dim=1) / 5], dim=1)
        return cls(unit_codes, xyz, facts, nearness)


NUM_FACTS = _NUM_RIVALS + len(_DENSITY_SCALES)


class TokenLift(nn.Module):
    """Token of a code: a linear map of its values plus a residual of values and facts."""

    def __init__(self, num_values: int, width: int, *, generator: torch.Generator) -> None:
        super().__init__()
        self.linear = linear_layer(num_values, width, generator=generator)
        self.expand = linear_layer(num_values + NUM_FACTS, 2 * width, generator=generator)
        self.contract = linear_layer(2 * width, width, generator=generator)
        nn.init.zeros_(self.contract.weight)

    def forward(self, codes: LiftedCodes) -> Float[Tensor, "code width"]:
        """Return one token for each code."""
        hidden = self.expand(torch.cat([codes.unit_codes, codes.facts], dim=1))
        return self.linear(codes.unit_codes) + self.contract(functional.gelu(hidden))
