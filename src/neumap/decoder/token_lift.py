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
from neumap.decoder.surroundings import NUM_DENSITIES, Surroundings

_NUM_RIVALS = 4
_BLOCK = 1024  # codes compared with all others at a time
_MAX_COMPARED = 6000  # of more codes, evenly chosen ones stand for all


@dataclass(frozen=True, eq=False)
class LiftedCodes:
    """Everything that the decoder needs of a map's active codes."""

    unit_codes: Float32[Tensor, "code value"]
    """Dequantised codes at unit length."""
    xyz: Float32[Tensor, "code 3"]
    """Anchors relative to their mean, in units of their root mean square distance from it."""
    facts: Float32[Tensor, "code fact"]
    """Cosines with the most alike other codes, and how dense anchors are around this one."""
    surroundings: Surroundings
    """Which anchors lie around which."""

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
        surroundings = Surroundings.of(xyz)
        facts = torch.cat([_rivals(unit_codes.detach()), surroundings.log_density / 5], dim=1)
        return cls(unit_codes, xyz, facts, surroundings)


NUM_FACTS = _NUM_RIVALS + NUM_DENSITIES


def _rivals(unit_codes: Float32[Tensor, "code value"]) -> Float32[Tensor, "code rival"]:
    """Return the highest cosines of each code with others, -1 where there are no more."""
    stride = -(-len(unit_codes) // _MAX_COMPARED)
    compared = unit_codes[::stride]
    num_rivals = min(_NUM_RIVALS, len(compared) - 1)
    found: list[Tensor] = []
    for start in range(0, len(unit_codes), _BLOCK):
        alike = unit_codes[start : start + _BLOCK] @ compared.T
        own = torch.arange(start, start + len(alike), device=alike.device)
        row = torch.nonzero(own % stride == 0)[:, 0]
        alike[row, own[row] // stride] = -1.0  # itself
        found.append(alike.topk(num_rivals, dim=1).values)
    return functional.pad(torch.cat(found), (0, _NUM_RIVALS - num_rivals), value=-1.0)


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
