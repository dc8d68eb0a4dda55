"""The codes of the `paper` decoder: K vectors for each voxel and block, with scales (eq. 4).

Legend: V voxel, T block, K code, D width.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from neumap.errors import MapFileError

_STORED_TYPES = {
    "layout": (torch.int32,),
    "is_kept_bits": (torch.uint8,),
    "frame_origins": (torch.float64,),
    "frame_lengths": (torch.float32,),
    "codes": (torch.float16, torch.int8),
    "code_step": (torch.float32,),
}


@dataclass(frozen=True, eq=False)
class CodeTokens:
    """Scaled codes of a batch of voxels, as a decoder reads them."""

    values: Float[Tensor, "voxel block code width"]
    is_kept: Bool[Tensor, "voxel block code"] | None
    """Codes that were not pruned; None if none was."""


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

    def to_tensors(self, storage: Literal["float16", "int8"] = "float16") -> dict[str, Tensor]:
        """Pack for a map file: kept codes only, with their scales multiplied in.

        `int8` stores round(value / channel maximum * 127) and the maxima of the channels.
        """
        with torch.no_grad():
            values = (self.codes * self.scales[..., None])[self.is_kept].cpu().float()
        packed = np.packbits(self.is_kept.cpu().numpy().ravel())
        tensors = {
            "layout": torch.tensor(self.codes.shape, dtype=torch.int32),
            "is_kept_bits": torch.from_numpy(packed),
            "frame_origins": self.frame_origins.cpu().clone(),
            "frame_lengths": self.frame_lengths.cpu().clone(),
        }
        if storage == "float16":
            return {**tensors, "codes": values.half()}
        step = values.abs().amax(dim=0).clamp(min=1e-12) / 127
        return {**tensors, "codes": (values / step).round().to(torch.int8), "code_step": step}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> "DenseCodes":
        """Undo `to_tensors`; scales are 1. Raises MapFileError if the tensors do not fit."""
        layout = _layout(tensors)
        _, num_blocks, codes_per_block, width = layout
        bits = np.unpackbits(tensors["is_kept_bits"].numpy(), count=int(np.prod(layout[:3])))
        kept = torch.from_numpy(bits.astype(bool)).reshape(layout[:3])
        values = tensors["codes"].float()
        if "code_step" in tensors:
            if tensors["code_step"].shape != (width,):
                raise _misfit(f"code_step does not cover {width} channels")
            values = values * tensors["code_step"]
        if values.shape != (int(kept.sum()), width):
            raise _misfit(f"codes have shape {tuple(values.shape)}, {int(kept.sum())} are kept")
        if not bool(kept.any(dim=2).all()):
            raise _misfit("a voxel has a block without codes")
        if not bool(torch.isfinite(values).all()):
            raise _misfit("codes hold NaN or infinite numbers")
        frames = VoxelFrames(tensors["frame_origins"].numpy(), tensors["frame_lengths"].numpy())
        out = cls(
            frames,
            num_blocks=num_blocks,
            codes_per_block=codes_per_block,
            width=width,
            generator=torch.Generator().manual_seed(0),
        )
        with torch.no_grad():
            out.codes.zero_()
            out.codes[kept] = values
        out.is_kept = kept
        out.scales.requires_grad_(False)
        return out


def stored_bytes(tensors: dict[str, Tensor]) -> int:
    """Count the bytes of a payload of tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def _layout(tensors: dict[str, Tensor]) -> tuple[int, int, int, int]:
    needed = {"layout", "is_kept_bits", "frame_origins", "frame_lengths", "codes"}
    missing = sorted(needed - set(tensors))
    if missing:
        raise _misfit(f"tensors {', '.join(missing)} are missing")
    for name, kinds in _STORED_TYPES.items():
        if name in tensors and tensors[name].dtype not in kinds:
            raise _misfit(f"{name} is stored as {tensors[name].dtype}")
    sizes = [int(size) for size in tensors["layout"].flatten()]
    if len(sizes) != 4 or min(sizes) < 1:
        raise _misfit(f"layout {sizes} is not four positive sizes")
    num_voxels, num_blocks, codes_per_block, width = sizes
    num_bits = num_voxels * num_blocks * codes_per_block
    if tensors["is_kept_bits"].shape != ((num_bits + 7) // 8,):
        raise _misfit(f"is_kept_bits does not cover {num_bits} codes")
    if tensors["frame_origins"].shape != (num_voxels, 3):
        raise _misfit(f"frame_origins does not cover {num_voxels} voxels")
    if tensors["frame_lengths"].shape != (num_voxels,):
        raise _misfit(f"frame_lengths does not cover {num_voxels} voxels")
    frames = torch.cat([tensors["frame_origins"].flatten(), tensors["frame_lengths"]])
    if not bool(torch.isfinite(frames).all()) or bool((tensors["frame_lengths"] <= 0).any()):
        raise _misfit("frames hold lengths <= 0, NaN or infinite numbers")
    return num_voxels, num_blocks, codes_per_block, width


def _misfit(reason: str) -> MapFileError:
    return MapFileError("dense codes", reason, "The map file is damaged; build the map again.")
