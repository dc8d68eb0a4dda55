"""Decoders bound to the codes of one scene: what a localiser asks."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.dense_codes import DenseCodes
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.paper_decoder import PaperDecoder
from neumap.decoder.paper_weights import MIN_CONFIDENCE
from neumap.decoder.places import (
    PlaceConfig,
    choose_places,
    nearest_codes,
    places_of_codes,
    supported_codes,
)
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.pose.guided_matching import GuideTable


@dataclass(frozen=True, eq=False)
class AnchoredReader:
    """The anchored decoder with a scene's thin codes."""

    decoder: AnchoredDecoder
    codes: AnchoredCodes
    places: PlaceConfig = field(default_factory=PlaceConfig)
    """How much of a large map is read for a photo."""

    @cached_property
    def _anchors(self) -> Float[np.ndarray, "code 3"]:
        return self.codes.anchors_in_world

    @cached_property
    def _vectors(self) -> Float32[np.ndarray, "code value"]:
        return self.decoder.unit_codes(self.codes)

    @cached_property
    def _place_idx(self) -> Int[np.ndarray, " code"]:
        return places_of_codes(self._anchors, max_place_codes=self.places.max_place_codes)

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points; of a large map, those of the places that it shows.

        What is matched there tells which codes around are seen, and these are then read alone.
        """
        if len(self.codes) < self.places.min_codes or len(features) == 0:
            return self.decoder.predict(features, self.codes)
        seen = self._codes_seen(features)
        first = self.decoder.predict(features, seen)
        is_read = supported_codes(seen.anchors_in_world, first, config=self.places)
        return self.decoder.predict(features, _part_of(seen, is_read))

    def guide(self, features: LocalFeatures) -> GuideTable:
        """Return anchors and code vectors of the whole map for a guided pass."""
        query = self.decoder.query_vectors(features)
        return GuideTable(self._anchors, self._vectors, features.xy_img, query)

    def _codes_seen(self, features: LocalFeatures) -> AnchoredCodes:
        """Codes of the places that the photo's key-points vote for."""
        voted = nearest_codes(self.decoder.query_vectors(features), self._vectors)
        chosen = choose_places(voted, self._place_idx, config=self.places)
        return _part_of(self.codes, np.isin(self._place_idx, chosen))


@dataclass(frozen=True, eq=False)
class PaperReader:
    """The paper's decoder with a scene's dense codes, which have no anchors to be guided by."""

    decoder: PaperDecoder
    codes: DenseCodes
    min_confidence: float = MIN_CONFIDENCE
    """Key-points above this take part in the pose; the paper has 0.5 (decision 002)."""

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points, those of enough confidence."""
        return self.decoder.predict(features, self.codes).above(self.min_confidence)

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return None: regressed coordinates cannot be projected before they are predicted."""
        return None


def _part_of(codes: AnchoredCodes, is_read: Bool[np.ndarray, " code"]) -> AnchoredCodes:
    return replace(
        codes,
        levels=codes.levels[is_read],
        anchor_levels=codes.anchor_levels[is_read],
        voxel_idx=codes.voxel_idx[is_read],
        halvings=None,
    )
