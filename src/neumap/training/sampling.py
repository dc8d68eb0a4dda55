"""Which pixels of a view train a voxel: some in it, the rest outside (paper section 3.2).

Pixels without a 3D point may serve as outside ones, padding never does.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree
from torch import Tensor

NO_VOXEL = -1


@dataclass(frozen=True, eq=False)
class PixelTable:
    """The pixels of all views, padded to the same number of slots."""

    voxel_idx: Int[Tensor, "view slot"]
    """Voxel of the pixel's 3D point, -1 for a pixel without one and for padding."""
    near_voxel_idx: Int[Tensor, "view slot near"]
    """Other voxels with a pixel within the exclusion window, padded with -1."""
    is_pixel: Bool[Tensor, "view slot"]
    """False for padding."""

    @classmethod
    def from_views(
        cls,
        xy_img: list[Float[np.ndarray, "_ 2"]],
        voxel_idx: list[Int[np.ndarray, " _"]],
        *,
        window_px: float = 5.0,
    ) -> "PixelTable":
        """Pad the views; a pixel within `window_px` (in x and y) of a voxel's pixel is near it."""
        num_slots = max((len(voxels) for voxels in voxel_idx), default=0)
        voxels = np.full((len(voxel_idx), num_slots), NO_VOXEL, dtype=np.int64)
        is_pixel = np.zeros(voxels.shape, dtype=bool)
        near: list[Int[np.ndarray, "pair 3"]] = [np.zeros((0, 3), dtype=np.int64)]
        for view, (xy, own) in enumerate(zip(xy_img, voxel_idx, strict=True)):
            voxels[view, : len(own)] = own
            is_pixel[view, : len(own)] = True
            slots_and_voxels = _near_other_voxel(xy, own, window_px)
            near.append(np.insert(slots_and_voxels, 0, view, axis=1))
        return cls(
            torch.from_numpy(voxels),
            torch.from_numpy(_padded(np.concatenate(near), voxels.shape)),
            torch.from_numpy(is_pixel),
        )

    def to(self, device: str | torch.device) -> "PixelTable":
        """Return the table on another device."""
        return PixelTable(
            self.voxel_idx.to(device), self.near_voxel_idx.to(device), self.is_pixel.to(device)
        )


@dataclass(frozen=True, eq=False)
class PixelSample:
    """Slots drawn for pairs of a voxel and a view, those in the voxel first."""

    slot_idx: Int[Tensor, "pair drawn"]
    """Slot in the view; 0 where not valid."""
    is_in_voxel: Bool[Tensor, "pair drawn"]
    is_valid: Bool[Tensor, "pair drawn"]
    """False where the view had too few pixels: such an entry must not enter a loss."""


def sample_pixels(
    table: PixelTable,
    voxel_idx: Int[Tensor, " pair"],
    view_idx: Int[Tensor, " pair"],
    *,
    num_in_voxel: int,
    num_drawn: int,
    generator: torch.Generator,
) -> PixelSample:
    """Draw up to `num_in_voxel` pixels of the voxel and fill up to `num_drawn` with others.

    Each pixel is drawn at most once a pair, at random. Raises ValueError on impossible numbers.
    """
    if not 0 <= num_in_voxel <= num_drawn or num_drawn < 1:
        raise ValueError(f"cannot draw {num_in_voxel} pixels in the voxel out of {num_drawn}")
    wanted = voxel_idx[:, None]
    inside = table.is_pixel[view_idx] & (table.voxel_idx[view_idx] == wanted)
    near = (table.near_voxel_idx[view_idx] == wanted[..., None]).any(dim=-1)
    outside = table.is_pixel[view_idx] & ~inside & ~near
    num_slots = inside.shape[1]
    noise = torch.rand(inside.shape, generator=generator, device=inside.device)
    # Ranks by random keys: in-voxel pixels first, then outside ones, never padding.
    key = torch.where(inside, noise, torch.inf)
    first = key.topk(min(num_in_voxel, num_slots), dim=1, largest=False, sorted=True)
    is_drawn_inside = torch.zeros_like(inside).scatter(1, first.indices, first.values < torch.inf)
    key = torch.where(outside, noise + 1, torch.inf)
    key = torch.where(is_drawn_inside, noise, key)
    drawn = key.topk(min(num_drawn, num_slots), dim=1, largest=False, sorted=True)
    missing = num_drawn - drawn.values.shape[1]
    value = torch.nn.functional.pad(drawn.values, (0, missing), value=torch.inf)
    slot = torch.nn.functional.pad(drawn.indices, (0, missing))
    is_valid = value < torch.inf
    return PixelSample(torch.where(is_valid, slot, 0), value < 1, is_valid)


def _near_other_voxel(
    xy: Float[np.ndarray, "pixel 2"], voxel_idx: Int[np.ndarray, " pixel"], window_px: float
) -> Int[np.ndarray, "pair 2"]:
    """Distinct (slot, voxel) where a pixel of that other voxel lies within the window."""
    if len(xy) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    pairs = KDTree(xy).query_pairs(window_px, p=np.inf, output_type="ndarray").astype(np.int64)
    both_ways = np.concatenate([pairs, pairs[:, ::-1]])
    found = np.stack([both_ways[:, 0], voxel_idx[both_ways[:, 1]]], axis=1)
    is_other = (found[:, 1] != NO_VOXEL) & (found[:, 1] != voxel_idx[found[:, 0]])
    return np.unique(found[is_other], axis=0)


def _padded(
    near: Int[np.ndarray, "pair 3"], shape: tuple[int, ...]
) -> Int[np.ndarray, "view slot near"]:
    """Turn rows (view, slot, voxel), sorted by view and slot, into a padded array."""
    flat = near[:, 0] * shape[1] + near[:, 1]
    counts = np.bincount(flat, minlength=shape[0] * shape[1])
    rank = np.arange(len(flat)) - (np.cumsum(counts) - counts)[flat]
    width = max(int(counts.max()) if len(counts) else 0, 1)
    out = np.full((*shape, width), NO_VOXEL, dtype=np.int64)
    out[near[:, 0], near[:, 1], rank] = near[:, 2]
    return out
