"""A first guess of a new scene's dense codes from its points, learned with the `paper` decoder.

The paper starts codes at random. Codes that start from points (descriptor and position) let the
network act as a soft nearest neighbour from the first step, and optimisation improves on that.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from neumap.decoder.attention import linear_layer

_HIDDEN = 128
_LATER_CODES = 4


class CodeStart(nn.Module):
    """Turns scene points into codes; shared by all scenes, frozen like the decoder."""

    def __init__(
        self,
        *,
        descriptor_dim: int,
        num_blocks: int,
        width: int,
        view_dim: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.view = linear_layer(descriptor_dim, view_dim, generator=generator)
        num_inputs = view_dim + descriptor_dim + 3
        self.direct = linear_layer(num_inputs, width, generator=generator)
        self.expand = linear_layer(num_inputs, _HIDDEN, generator=generator)
        self.contract = linear_layer(_HIDDEN, width, generator=generator)
        self.no_match = nn.Parameter(torch.zeros(width))
        later = torch.randn(num_blocks - 1, _LATER_CODES, width, generator=generator)
        self.later = nn.Parameter(later)

    def forward(
        self,
        descriptors: Float[Tensor, "point channel"],
        xyz_in_voxel_lengths: Float[Tensor, "point 3"],
    ) -> tuple[Float[Tensor, "block code width"], Bool[Tensor, "block code"]]:
        """Return one voxel's codes and which of them exist.

        The first block has one code for each point, after one for pixels that match none; one
        attention over all points is sharper than several over parts of them. Later blocks begin
        with a few codes, the same in every scene.
        """
        seen = functional.normalize(self.view(descriptors), dim=-1)
        inputs = torch.cat([seen, descriptors, xyz_in_voxel_lengths], dim=-1)
        points = self.direct(inputs) + self.contract(functional.gelu(self.expand(inputs)))
        first = torch.cat([self.no_match[None], points])
        missing = len(first) - _LATER_CODES
        if missing < 0:
            raise ValueError(f"{len(descriptors)} points, expected at least {_LATER_CODES - 1}")
        later = functional.pad(self.later, (0, 0, 0, missing))
        codes = torch.cat([first[None], later])
        is_kept = torch.zeros(codes.shape[:2], dtype=torch.bool, device=codes.device)
        is_kept[0], is_kept[1:, :_LATER_CODES] = True, True
        return codes, is_kept
