"""The `paper` decoder: pixels read dense codes in T blocks of cross-attention (section 3.2).

Each pixel is decoded on its own, without self-attention or positional encoding, against each
voxel. Legend: V voxel, N pixel, T block, K code, D width.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from neumap.codes.dense_codes import CodeTokens, DenseCodes
from neumap.decoder.attention import CrossAttention, linear_layer
from neumap.decoder.scene_coordinates import AbstractSceneDecoder, SceneCoordinates
from neumap.errors import OptionError
from neumap.features import LocalFeatures


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperDecoderConfig:
    """Shape of the network; the defaults are the paper's."""

    descriptor_dim: int = 64
    """Channels of the extractor's descriptors: 64 for XFeat, 256 for the residual network."""
    width: int = 256
    """Width of a code and of a pixel's token."""
    num_blocks: int = 6
    """Blocks of cross-attention, each with its own codes."""
    num_heads: int = 4
    """Attention heads."""
    hidden_factor: int = 4
    """Width of the feed-forward layer over `width`."""
    tokens_per_chunk: int = 16384
    """Largest number of pixel-voxel pairs decoded at once in `predict`: bounds its memory."""

    def __post_init__(self) -> None:
        """Refuse impossible shapes."""
        if min(self.descriptor_dim, self.width, self.num_blocks, self.num_heads) < 1:
            raise OptionError("PaperDecoderConfig", f"{self} has sizes < 1", "Use positive sizes.")
        if self.width % self.num_heads or self.tokens_per_chunk < 1 or self.hidden_factor < 1:
            reason = f"width {self.width} is not a multiple of {self.num_heads} heads, or sizes < 1"
            raise OptionError("PaperDecoderConfig", reason, "Correct the sizes.")


@dataclass(frozen=True, eq=False)
class VoxelPredictions:
    """Coordinates of pixels in voxel frames, in the voxels' units of length."""

    xyz_in_voxel_lengths: Float[Tensor, "voxel pixel 3"]
    confidence_logit: Float[Tensor, "voxel pixel"]


class DecoderBlock(nn.Module):
    """Pre-norm cross-attention and feed-forward; only the pixels' side is normalised."""

    def __init__(self, config: PaperDecoderConfig, *, generator: torch.Generator) -> None:
        super().__init__()
        width = config.width
        self.attention_norm = nn.LayerNorm(width, eps=1e-6)
        self.attention = CrossAttention(width, config.num_heads, generator=generator)
        self.forward_norm = nn.LayerNorm(width, eps=1e-6)
        self.expand = linear_layer(width, width * config.hidden_factor, generator=generator)
        self.contract = linear_layer(width * config.hidden_factor, width, generator=generator)

    def forward(
        self, pixels_VND: Float[Tensor, "voxel pixel width"], tokens: CodeTokens, block: int
    ) -> Float[Tensor, "voxel pixel width"]:
        """Let the pixels read this block's codes."""
        read = self.attention(self.attention_norm(pixels_VND), *tokens.of_block(block))
        pixels_VND = pixels_VND + read
        hidden = functional.gelu(self.expand(self.forward_norm(pixels_VND)))
        return pixels_VND + self.contract(hidden)


class PaperDecoder(nn.Module, AbstractSceneDecoder[DenseCodes]):
    """The network that all scenes share."""

    def __init__(self, config: PaperDecoderConfig, *, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.project = linear_layer(config.descriptor_dim, width, generator=generator)
        self.blocks = nn.ModuleList(
            [DecoderBlock(config, generator=generator) for _ in range(config.num_blocks)]
        )
        self.head_hidden = linear_layer(width, width, generator=generator)
        self.head_output = linear_layer(width, 4, generator=generator)

    def forward(
        self, descriptors: Float[Tensor, "voxel pixel channel"], tokens: CodeTokens
    ) -> VoxelPredictions:
        """Decode the pixels of each voxel against that voxel's codes, all voxels at once."""
        if tokens.values.shape[1] != len(self.blocks):
            raise ValueError(
                f"codes have {tokens.values.shape[1]} blocks, the decoder {len(self.blocks)}"
            )
        pixels_VND = self.project(descriptors).float()
        for index, block in enumerate(self.blocks):
            pixels_VND = block(pixels_VND, tokens, index)
        # bfloat16 keeps 8 bits: too few for a coordinate, so the head runs in single precision.
        with torch.autocast(pixels_VND.device.type, enabled=False):
            hidden = functional.gelu(self.head_hidden(pixels_VND.float()))
            output_VN4 = self.head_output(hidden)
        return VoxelPredictions(output_VN4[..., :3], output_VN4[..., 3])

    @torch.inference_mode()
    def predict(
        self,
        features: LocalFeatures,
        codes: DenseCodes,
        *,
        voxel_idx: Int[np.ndarray, " active"] | None = None,
    ) -> SceneCoordinates:
        """Decode every key-point against every active voxel: one candidate for each pair."""
        device = self.project.weight.device
        active = np.arange(codes.num_voxels) if voxel_idx is None else voxel_idx
        codes.check_voxels(torch.from_numpy(np.asarray(active, dtype=np.int64)))
        if len(features) == 0 or len(active) == 0:
            return SceneCoordinates.empty()
        descriptors = torch.from_numpy(np.ascontiguousarray(features.descriptors)).to(device)
        pixels: list[np.ndarray] = []
        xyz: list[np.ndarray] = []
        confidence: list[np.ndarray] = []
        for voxels, low, high in self._chunks(active, len(features)):
            chosen = torch.from_numpy(voxels).to(device)
            chunk = descriptors[low:high].expand(len(voxels), -1, -1)
            out = self(chunk, codes.select(chosen))
            world = codes.to_world(out.xyz_in_voxel_lengths, chosen).cpu().numpy()
            pixels.append(np.tile(np.arange(low, high), len(voxels)))
            xyz.append(world.reshape(-1, 3))
            confidence.append(out.confidence_logit.sigmoid().float().flatten().cpu().numpy())
        return SceneCoordinates.from_unsorted(
            np.concatenate(pixels), np.concatenate(xyz), np.concatenate(confidence)
        )

    def _chunks(
        self, active: Int[np.ndarray, " active"], num_pixels: int
    ) -> Iterator[tuple[np.ndarray, int, int]]:
        """Yield groups of voxels with a range of pixels, none above `tokens_per_chunk`."""
        step = min(num_pixels, self.config.tokens_per_chunk)
        group = max(1, self.config.tokens_per_chunk // step)
        for first in range(0, len(active), group):
            for low in range(0, num_pixels, step):
                voxels = np.asarray(active[first : first + group], dtype=np.int64)
                yield voxels, low, min(low + step, num_pixels)
