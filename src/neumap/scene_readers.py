"""Decoders bound to the codes of one scene: what a localiser asks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.dense_codes import DenseCodes
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.paper_decoder import PaperDecoder
from neumap.decoder.paper_weights import MIN_CONFIDENCE
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.pose.guided_matching import GuideTable


@dataclass(frozen=True, eq=False)
class AnchoredReader:
    """The anchored decoder with a scene's thin codes."""

    decoder: AnchoredDecoder
    codes: AnchoredCodes

    @cached_property
    def _anchors(self) -> Float[np.ndarray, "code 3"]:
        return self.codes.anchors_in_world

    @cached_property
    def _vectors(self) -> Float32[np.ndarray, "code value"]:
        return self.decoder.unit_codes(self.codes)

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to key-points."""
        return self.decoder.predict(features, self.codes)

    def guide(self, features: LocalFeatures) -> GuideTable:
        """Return anchors and code vectors for a guided pass."""
        query = self.decoder.query_vectors(features)
        return GuideTable(self._anchors, self._vectors, features.xy_img, query)


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
