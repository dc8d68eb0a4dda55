"""Which voxels a photo shows, and how well the map finds them: the figures of voxel activation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.features import LocalFeatures
from neumap.geometry.pixels import nearest_pixel
from neumap.images import PosedImage, load_depth
from neumap.retrieval import DescriptorIndex, VladDescriptor
from neumap.scene.scene import Scene
from neumap.scene.visibility import VoxelVisibility
from neumap.scene.voxels import VoxelGrid

MIN_POINTS = 20  # of a voxel that a photo must show (paper section 3.1)
_DEPTH_SLACK = 0.05  # a point this share behind the photo's depth is still the surface seen
_FIRST = (1, 5, 20)  # ranks reported
_NUM_RETRIEVED = 10  # mapped photos that choose voxels


@dataclass(frozen=True, eq=False)
class CodeTable:
    """Codes of a map as a vote for voxels needs them."""

    vectors: Float32[np.ndarray, "code value"]
    voxel_idx: Int[np.ndarray, " code"]
    num_voxels: int


@dataclass(frozen=True, eq=False)
class Query:
    """A photo with its features."""

    image: PosedImage
    features: LocalFeatures


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


def vote(
    table: CodeTable, query_vectors: Float32[np.ndarray, "pixel value"]
) -> Int[np.ndarray, " voxel"]:
    """Count for each voxel the key-points whose most alike code it holds."""
    nearest = np.argmax(query_vectors @ table.vectors.T, axis=1)
    return np.bincount(table.voxel_idx[nearest], minlength=table.num_voxels)


def rank_of(votes: Int[np.ndarray, " voxel"], voxel: int) -> int:
    """Place of a voxel by votes, 1 the best; behind all that tie with it."""
    return int((votes >= votes[voxel]).sum())


class RetrievedVoxels:
    """Voxels that the mapped photos see which look most like a query (paper section 3.1)."""

    def __init__(
        self, scene: Scene, visibility: VoxelVisibility, descriptor: VladDescriptor
    ) -> None:
        self._descriptor = descriptor
        vectors = [self._descriptor.aggregate(view.features) for view in scene.views]
        self._index = DescriptorIndex(np.stack(vectors))
        self._visibility = visibility

    def of(self, features: LocalFeatures) -> Int[np.ndarray, " voxel"]:
        """Voxels seen by any of the ten most alike photos."""
        vector = self._descriptor.aggregate(features)[None]
        found, _ = self._index.search(vector, count=_NUM_RETRIEVED)
        return np.unique(np.concatenate([self._visibility.voxels_of(int(i)) for i in found[0]]))


@dataclass(frozen=True, eq=False)
class Activation:
    """What is known of voxel choice over the queries of a pass."""

    num_seen: list[int]
    """Voxels that each query shows."""
    ranks: list[int]
    """Place by votes of the voxel that the query shows most of; queries that show none left out."""
    num_retrieved: list[int]
    """Voxels that retrieval chooses."""
    retrieved_share: list[float]
    """Share of the voxels shown that are among them."""

    def figures(self) -> dict[str, object]:
        """Medians and shares for the result file."""
        ranks = np.array(self.ranks)
        return {
            "voxels_seen_median": float(np.median(self.num_seen)),
            "right_voxel_rank_median": float(np.median(ranks)) if len(ranks) else None,
            "right_voxel_first": {
                str(first): round(float((ranks <= first).mean()), 4) if len(ranks) else None
                for first in _FIRST
            },
            "voxels_retrieved_median": float(np.median(self.num_retrieved)),
            "seen_among_retrieved_mean": (
                round(float(np.mean(self.retrieved_share)), 4) if self.retrieved_share else None
            ),
        }


def activation(
    queries: Sequence[Query],
    query_vectors: Sequence[Float32[np.ndarray, "pixel value"]],
    scene: Scene,
    *,
    grid: VoxelGrid,
    table: CodeTable,
    retrieved: RetrievedVoxels,
) -> Activation:
    """Compare the voxels that queries show with votes of their key-points and with retrieval."""
    out = Activation([], [], [], [])
    for query, vectors in zip(queries, query_vectors, strict=True):
        seen = seen_voxels(scene, grid, query.image)
        out.num_seen.append(len(seen))
        chosen = retrieved.of(query.features)
        out.num_retrieved.append(len(chosen))
        if len(seen):
            out.ranks.append(rank_of(vote(table, vectors), int(seen[0])))
            out.retrieved_share.append(float(np.isin(seen, chosen).mean()))
    return out


def _counts(
    grid: VoxelGrid, xyz: Float[np.ndarray, "point 3"], is_counted: Bool[np.ndarray, " point"]
) -> Int[np.ndarray, " voxel"]:
    voxel = grid.voxel_idx(xyz[is_counted])
    return np.bincount(voxel[voxel >= 0], minlength=len(grid))
