"""Which codes of points a `paper` map can do without, learned from what pixels read.

The first head of the first block compares descriptors (`matching_start`): what it gives to a code,
over the pixels whose coordinates come out right, tells how much the code is of use. Codes that are
read in parts of photos where others are read as well are worth less, so that they are chosen by
greedy coverage with these weights.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neumap.codes.dense_codes import DenseCodes
from neumap.codes.dense_space import DenseSpace
from neumap.codes.selection import select_by_coverage
from neumap.decoder.paper_decoder import DecoderBlock, PaperDecoder
from neumap.scene import Scene
from neumap.training.feature_buffer import BatchConfig, FeatureBuffer, TrainingBatch

_BATCHES, _PIXELS_PER_VIEW = 12, 128
_UNREAD = 1e-3  # reads of a code that none was counted for: all have some weight


@dataclass(frozen=True, kw_only=True, eq=False)
class Surplus:
    """One voxel's codes at the start, of which only some are to be kept."""

    scene: Scene
    point_idx: Int[np.ndarray, " code"]
    """Point of each code."""
    keep: int
    """Codes of points that stay, at least one."""


def choose_by_reads(
    surplus: Surplus, reads: Float[np.ndarray, " code"]
) -> Int[np.ndarray, " kept"]:
    """Return the codes to keep, the most important first."""
    points = surplus.scene.points
    observed = np.bincount(points.obs_point_idx, minlength=len(points))
    weight = np.zeros(len(points))
    weight[surplus.point_idx] = (reads + _UNREAD) / np.maximum(observed[surplus.point_idx], 1)
    chosen = select_by_coverage(surplus.scene, surplus.keep, weight=weight)
    place = np.zeros(len(points), dtype=np.int64)
    place[surplus.point_idx] = np.arange(len(surplus.point_idx))
    return place[chosen]


@torch.no_grad()
def right_reads(
    codes: DenseCodes,
    buffer: FeatureBuffer,
    networks: tuple[PaperDecoder, DenseSpace],
    *,
    in_voxel_share: float,
    right_within: float,
    generator: torch.Generator,
) -> Float[np.ndarray, " code"]:
    """Sum what pixels of the mapping views read of each code of a point, as far as they are right.

    `right_within` is the largest error of a right pixel, in spreads of the scene.
    """
    decoder, space = networks
    batch = BatchConfig(
        voxels=1,
        views_per_voxel=16,
        pixels_per_view=_PIXELS_PER_VIEW,
        in_voxel_share=in_voxel_share,
    )
    stored = codes.select(torch.zeros(1, dtype=torch.int64))
    tokens = type(stored)(space.rounded(stored.values), stored.is_kept)
    total = torch.zeros(codes.codes.shape[2])
    for _ in range(_BATCHES):
        drawn = buffer.draw(batch, generator=generator)
        out = decoder(drawn.descriptors, tokens).xyz_in_voxel_lengths
        is_right = _is_right(codes, drawn, out, right_within)
        total += _first_head(decoder, drawn.descriptors[is_right], tokens.values[0, 0]).sum(dim=0)
    return total[1:][codes.is_of_point[0, 0, 1:]].numpy()


def _is_right(
    codes: DenseCodes, drawn: TrainingBatch, xyz: Float[Tensor, "1 pixel 3"], within: float
) -> Tensor:
    error = (xyz - drawn.xyz_in_voxel / codes.frame_lengths[0]).norm(dim=-1)
    return drawn.is_valid & drawn.is_in_voxel & (error < within)


def _first_head(
    decoder: PaperDecoder,
    descriptors: Float[Tensor, "pixel channel"],
    codes: Float[Tensor, "code width"],
) -> Float[Tensor, "pixel code"]:
    """What the first head of the first block gives to each code; a pixel gives 1 in all."""
    block = cast(DecoderBlock, decoder.blocks[0])
    attention = block.attention
    width = codes.shape[1] // attention.num_heads
    pixels = attention.to_queries(block.attention_norm(decoder.project(descriptors)))[:, :width]
    return (pixels @ attention.to_keys(codes)[:, :width].T / width**0.5).softmax(dim=1)
