"""A large map read as a whole, by places that key-points vote for, or by retrieved voxels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from benchmarks.town_voxels import CodeTable, Query, RetrievedVoxels
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.decoder.places import choose_places, nearest_codes, places_of_codes
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.localizer import SceneReader
from neumap.pose.guided_matching import GuideTable
from neumap.scene.voxels import VoxelGrid
from neumap.scene_readers import AnchoredReader

ReaderOf = Callable[[Query], SceneReader]


@dataclass(frozen=True, eq=False)
class PartReader:
    """First matches are found among some codes of a map; guided passes look at all, as always."""

    whole: AnchoredReader
    codes: AnchoredCodes

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points, those of these codes."""
        return self.whole.decoder.predict(features, self.codes)

    def guide(self, features: LocalFeatures) -> GuideTable:
        """Return anchors and code vectors of the whole map."""
        return self.whole.guide(features)


class CodeChoices:
    """Which codes of one map are read for a photo, by each way of choosing them."""

    def __init__(self, reader: AnchoredReader, grid: VoxelGrid, retrieved: RetrievedVoxels) -> None:
        self.reader = reader
        self._vectors = reader.decoder.unit_codes(reader.codes)
        # Voxels by the numbers of the grid that the scene was cut with, which a map file has not.
        own = grid.voxel_idx(reader.codes.anchors_in_world)
        self.table = CodeTable(own, len(grid))
        self._retrieved = retrieved
        self._place_idx = places_of_codes(
            reader.codes.anchors_in_world, max_place_codes=reader.places.max_place_codes
        )

    def nearest_codes(self, features: LocalFeatures) -> Int[np.ndarray, " pixel"]:
        """Return the most alike code of each key-point, which it votes with."""
        return nearest_codes(self.reader.decoder.query_vectors(features), self._vectors)

    def all_codes(self, query: Query) -> Bool[np.ndarray, " code"]:
        """Every code."""
        del query  # the same for every photo
        return np.ones(len(self._place_idx), dtype=bool)

    def places(self, query: Query) -> Bool[np.ndarray, " code"]:
        """Codes that `AnchoredReader` reads first for all key-points of a photo."""
        if len(self._place_idx) < self.reader.places.min_codes:
            return self.all_codes(query)
        chosen = choose_places(query.nearest_code, self._place_idx, config=self.reader.places)
        return np.isin(self._place_idx, chosen)

    def retrieved_voxels(self, query: Query) -> Bool[np.ndarray, " code"]:
        """Codes of the voxels that the ten most alike photos see (paper section 3.1)."""
        return np.isin(self.table.voxel_idx, self._retrieved.of(query.features))

    def reader_of(self, is_read: Bool[np.ndarray, " code"]) -> PartReader:
        """Return what finds first matches among these codes alone."""
        codes = self.reader.codes
        if is_read.all():
            return PartReader(self.reader, codes)
        part = replace(
            codes,
            levels=codes.levels[is_read],
            anchor_levels=codes.anchor_levels[is_read],
            voxel_idx=codes.voxel_idx[is_read],
            halvings=None,
        )
        return PartReader(self.reader, part)

    def figures(
        self, queries: Sequence[Query], choose: Callable[[Query], Bool[np.ndarray, " code"]]
    ) -> dict[str, object]:
        """How much of the map is read for a query, and how much of the voxel it shows most of."""
        num_codes, num_voxels, right_share = list[int](), list[int](), list[float]()
        for query in queries:
            is_read = choose(query)
            voxel = self.table.voxel_idx[is_read]
            num_codes.append(int(is_read.sum()))
            num_voxels.append(len(np.unique(voxel[voxel >= 0])))
            right = self._codes_of_right_voxel(query)
            if len(right):
                right_share.append(float(is_read[right].mean()))
        return {
            "voxels_read_median": float(np.median(num_voxels)),
            "codes_read_median": float(np.median(num_codes)),
            "right_voxel_codes_read_mean": (
                round(float(np.mean(right_share)), 4) if right_share else None
            ),
        }

    def _codes_of_right_voxel(self, query: Query) -> Int[np.ndarray, " code"]:
        if len(query.seen) == 0:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.table.voxel_idx == query.seen[0])
