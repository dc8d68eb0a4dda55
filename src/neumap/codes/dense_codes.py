"""The codes of the `paper` decoder: K vectors for each voxel and block, with scales (eq. 4).

Legend: V voxel, T block, K code, D width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class CodeTokens:
    """Scaled codes of a batch of voxels, as a decoder reads them."""

    values: Float[Tensor, "voxel block code width"]
    is_kept: Bool[Tensor, "voxel block code"] | None
    """Codes that were not pruned; None if none was."""

    def of_block(
        self, block: int
    ) -> tuple[Float[Tensor, "voxel code width"], Bool[Tensor, "voxel code"] | None]:
        """Return one block's codes and which are kept, without those that no voxel keeps.

        Blocks are as wide as the widest, and one may have thousands of codes where others have
        four.
        """
        values = self.values[:, block]
        if self.is_kept is None:
            return values, None
        kept = self.is_kept[:, block]
        is_used = kept.any(dim=0)
        kept = kept[:, is_used]
        return values[:, is_used], None if bool(kept.all()) else kept


@dataclass(frozen=True, eq=False)
class VoxelFrames:
    """Where the voxels of a scene are, as far as a decoder needs it."""

    origins: Float[np.ndarray, "voxel 3"]
    """World position of each frame's origin: the mean of the voxel's points, O_v in eq. 9."""
    lengths: Float[np.ndarray, " voxel"]
    """Scene units in the network's unit of length.

    1 as in the paper, where scenes are in metres; the spread of the voxel's points where one
    network serves scenes of different or unknown units.
    """


class DenseCodes(nn.Module):
    """The learned map of one scene; every block's codes have a random start of their own."""

    codes: nn.Parameter
    scales: nn.Parameter
    is_kept: Tensor
    frame_origins: Tensor
    frame_lengths: Tensor

    def __init__(
        self,
        frames: VoxelFrames,
        *,
        num_blocks: int,
        codes_per_block: int,
        width: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        shape = len(frames.origins), num_blocks, codes_per_block
        if min(shape[1:]) < 1 or width < 1:
            raise ValueError(f"code layout {(*shape, width)} has sizes below 1")
        device = generator.device
        self.codes = nn.Parameter(torch.randn(*shape, width, generator=generator, device=device))
        self.scales = nn.Parameter(torch.ones(shape, device=device))
        self.register_buffer("is_kept", torch.ones(shape, dtype=torch.bool, device=device))
        origins = torch.from_numpy(np.array(frames.origins, dtype=np.float64))
        lengths = torch.from_numpy(np.array(frames.lengths, dtype=np.float32))
        self.register_buffer("frame_origins", origins.to(device))
        self.register_buffer("frame_lengths", lengths.to(device))

    @property
    def num_voxels(self) -> int:
        """Number of voxels that have codes."""
        return self.codes.shape[0]

    @property
    def num_kept(self) -> int:
        """Number of codes left after pruning, over all voxels and blocks."""
        return int(self.is_kept.sum())

    @property
    def is_of_point(self) -> Bool[Tensor, "voxel block code"]:
        """Codes of points that were not pruned.

        They are those of the first block after its first code, which is for pixels that no point
        matches (`decoder.code_start`).
        """
        is_of_point = self.is_kept.clone()
        is_of_point[:, 1:] = False
        is_of_point[:, 0, 0] = False
        return is_of_point

    def check_voxels(self, voxel_idx: Int[Tensor, " active"]) -> None:
        """Raise ValueError on a voxel that has no codes here."""
        unknown = voxel_idx[(voxel_idx < 0) | (voxel_idx >= self.num_voxels)]
        if len(unknown):
            raise ValueError(f"voxel {int(unknown[0])} is unknown, codes cover {self.num_voxels}")

    def select(self, voxel_idx: Int[Tensor, " active"]) -> CodeTokens:
        """Return w s of some voxels (eq. 4); ValueError on an unknown voxel."""
        self.check_voxels(voxel_idx)
        kept = self.is_kept[voxel_idx]
        values = self.codes[voxel_idx] * self.scales[voxel_idx][..., None]
        return CodeTokens(values, None if bool(kept.all()) else kept)

    def to_world(
        self,
        xyz_in_voxel_lengths: Float[Tensor, "active pixel 3"],
        voxel_idx: Int[Tensor, " active"],
    ) -> Float[Tensor, "active pixel 3"]:
        """Move predictions to the world, in double precision: length K + O_v (eq. 9)."""
        lengths = self.frame_lengths[voxel_idx][:, None, None].double()
        origins = self.frame_origins[voxel_idx][:, None]
        return xyz_in_voxel_lengths.double() * lengths + origins
