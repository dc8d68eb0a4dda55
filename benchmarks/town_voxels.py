"""Which voxels a photo shows, and how well votes and retrieval find them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from neumap.features import LocalFeatures
from neumap.geometry.pixels import nearest_pixel
from neumap.images import PosedImage, load_depth
from neumap.retrieval import DescriptorIndex, VladDescriptor
from neumap.scene.scene import Scene
from neumap.scene.visibility import VoxelVisibility
from neumap.scene.voxels import VoxelGrid

MIN_POINTS = 20  # of a voxel that a photo must show (paper section 3.1)
_DEPTH_SLACK = 0.05  # a point this share behind the photo's depth is still the surface seen
_FIRST_VOXELS = (1, 5, 20)  # ranks by votes that are reported
_FIRST_PHOTOS = (1, 5, 10, 20)  # ranks by retrieval that are reported
NUM_RETRIEVED = 10  # mapped photos that choose voxels


@dataclass(frozen=True, eq=False)
class CodeTable:
    """Codes of a map as a vote for voxels needs them."""

    voxel_idx: Int[np.ndarray, " code"]
    """Voxel of the scene's grid; -1 where a code lies in none."""
    num_voxels: int


@dataclass(frozen=True, eq=False)
class Query:
    """A photo with what is known of it."""

    image: PosedImage
    features: LocalFeatures
    seen: Int[np.ndarray, " seen"]
    """Voxels that it shows, most points first."""
    nearest_code: Int[np.ndarray, " pixel"]
    """The map's most alike code of each key-point."""


def seen_voxels(scene: Scene, grid: VoxelGrid, image: PosedImage) -> Int[np.ndarray, " seen"]:
    """Voxels that a photo of known pose and depth shows, most points first.

    A voxel counts from 20 points on that lie in the photo and on the surface of its depth.
    """
    assert image.cam_from_world is not None  # all photos of a town have poses and depth
    assert image.depth is not None
    xyz = scene.points.xyz_in_world
    in_cam = image.cam_from_world.apply(xyz)
    with np.errstate(invalid="ignore"):
        rows, columns = nearest_pixel(np.nan_to_num(image.camera.img_from_cam(in_cam), nan=-1.0))
    depth = load_depth(image.depth)
    height, width = depth.shape
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    measured = depth[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    with np.errstate(invalid="ignore"):
        is_surface = np.abs(in_cam[:, 2] - measured) < _DEPTH_SLACK * measured
    counts = _counts(grid, xyz, inside & is_surface & (in_cam[:, 2] > 0))
    order = np.argsort(-counts, kind="stable")
    return order[counts[order] >= MIN_POINTS]


def vote(table: CodeTable, nearest_code: Int[np.ndarray, " pixel"]) -> Int[np.ndarray, " voxel"]:
    """Count for each voxel the key-points whose most alike code it holds."""
    voxel = table.voxel_idx[nearest_code]
    return np.bincount(voxel[voxel >= 0], minlength=table.num_voxels)


def rank_of(votes: Int[np.ndarray, " voxel"], voxel: int) -> int:
    """Place of a voxel by votes, 1 the best; behind all that tie with it."""
    return int((votes >= votes[voxel]).sum())


class RetrievedVoxels:
    """Voxels that the mapped photos see which look most like a query (paper section 3.1)."""

    def __init__(
        self, scene: Scene, visibility: VoxelVisibility, descriptor: VladDescriptor
    ) -> None:
        self._descriptor = descriptor
        vectors = np.stack([self._descriptor.aggregate(view.features) for view in scene.views])
        self.index_bytes = vectors.nbytes
        """What the mapped photos' descriptors take beside the map, in float32."""
        self._index = DescriptorIndex(vectors)
        order = np.argsort(visibility.pair_view_idx, kind="stable")
        ends = np.searchsorted(visibility.pair_view_idx[order], np.arange(len(scene.views) + 1))
        seen = visibility.pair_voxel_idx[order]
        self._seen_by_view = [seen[ends[view] : ends[view + 1]] for view in range(len(scene.views))]

    def by_photo(self, features: LocalFeatures) -> list[Int[np.ndarray, " voxel"]]:
        """Voxels that each of the most alike photos sees, the most alike photo first."""
        vector = self._descriptor.aggregate(features)[None]
        found, _ = self._index.search(vector, count=max(_FIRST_PHOTOS))
        return [self._seen_by_view[view] for view in found[0].tolist()]

    def of(self, features: LocalFeatures) -> Int[np.ndarray, " voxel"]:
        """Voxels seen by any of the ten most alike photos."""
        return np.unique(np.concatenate(self.by_photo(features)[:NUM_RETRIEVED]))


@dataclass(frozen=True, eq=False)
class Activation:
    """What is known of voxel choice over the queries of a pass.

    Lists have an entry a query; queries that show no voxel are left out of all but the first two.
    """

    num_seen: list[int]
    """Voxels that each query shows."""
    num_retrieved: list[int]
    """Voxels that retrieval chooses."""
    ranks: list[int]
    """Place by votes of the voxel that the query shows most of."""
    photo_ranks: list[float]
    """Place by retrieval of the first photo that sees that voxel; inf where none of 20 does."""
    retrieved_share: list[float]
    """Share of the voxels shown that are chosen."""

    def figures(self) -> dict[str, object]:
        """Medians and shares for the result file."""
        return {
            "voxels_seen_median": float(np.median(self.num_seen)),
            "queries_that_show_a_voxel": len(self.ranks),
            "right_voxel_rank_median": float(np.median(self.ranks)) if self.ranks else None,
            "right_voxel_first": _shares_within(self.ranks, _FIRST_VOXELS),
            "right_voxel_seen_by_first_photos": _shares_within(self.photo_ranks, _FIRST_PHOTOS),
            "voxels_retrieved_median": float(np.median(self.num_retrieved)),
            "seen_among_retrieved_mean": (
                round(float(np.mean(self.retrieved_share)), 4) if self.retrieved_share else None
            ),
        }


def activation(
    queries: Sequence[Query], *, table: CodeTable, retrieved: RetrievedVoxels
) -> Activation:
    """Compare the voxels that queries show with votes of their key-points and with retrieval."""
    out = Activation([], [], [], [], [])
    for query in queries:
        by_photo = retrieved.by_photo(query.features)
        chosen = np.unique(np.concatenate(by_photo[:NUM_RETRIEVED]))
        out.num_seen.append(len(query.seen))
        out.num_retrieved.append(len(chosen))
        if len(query.seen):
            right = int(query.seen[0])
            out.ranks.append(rank_of(vote(table, query.nearest_code), right))
            places = [place for place, voxels in enumerate(by_photo, 1) if right in voxels]
            out.photo_ranks.append(places[0] if places else np.inf)
            out.retrieved_share.append(float(np.isin(query.seen, chosen).mean()))
    return out


def _shares_within(ranks: Sequence[float], limits: Sequence[int]) -> dict[str, float | None]:
    """Share of the ranks up to each limit; None where there are no ranks."""
    values = np.array(ranks)
    return {
        str(limit): round(float((values <= limit).mean()), 4) if len(values) else None
        for limit in limits
    }


def _counts(
    grid: VoxelGrid, xyz: Float[np.ndarray, "point 3"], is_counted: Bool[np.ndarray, " point"]
) -> Int[np.ndarray, " voxel"]:
    voxel = grid.voxel_idx(xyz[is_counted])
    return np.bincount(voxel[voxel >= 0], minlength=len(grid))
