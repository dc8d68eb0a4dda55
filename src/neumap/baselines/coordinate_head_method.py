"""A regressor trained for one scene, as a compared method."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from neumap.baselines.coordinate_head import CoordinateHead
from neumap.baselines.coordinate_head_training import CoordinateHeadConfig, train_coordinate_head
from neumap.baselines.method import BuiltMap, Fold, refuse_budget
from neumap.baselines.photo_localizer import PhotoLocalizer, query_extractor
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.localizer import LocalizerConfig
from neumap.pose.guided_matching import GuideTable

_MIN_INLIER_RATIO = 0.08
"""Share of the key-points that must agree: at most 0.06 do in maps of other places (shelf50,
lund_door, redkitchen's mapping frames, rendered places), 0.05 to 0.54 in their own."""
_CONFIDENCE = 0.5  # the head gives none


@dataclass(frozen=True, eq=False)
class CoordinateHeadReader:
    """A trained head as a reader: every key-point has one point, none more sure than others."""

    head: CoordinateHead

    @torch.inference_mode()
    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give world points to all key-points."""
        xyz = self.head(torch.from_numpy(features.descriptors)).numpy().astype(np.float64)
        confidence = np.full(len(xyz), _CONFIDENCE, dtype=np.float32)
        return SceneCoordinates(np.arange(len(xyz)), xyz, confidence)

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return None: regressed coordinates cannot be projected before they are predicted."""
        return None


class CoordinateHeadMethod:
    """ACE's scene coordinate regression (Brachmann et al., CVPR 2023) on XFeat's descriptors.

    Written from the paper; `coordinate_head_training` says what differs. The frozen network is
    XFeat, whose descriptors are read at neumap's own key-points. Bytes: the head's weights in half
    precision.
    """

    name = "coordinate-head"
    has_budget = False

    def __init__(self, config: CoordinateHeadConfig | None = None) -> None:
        self._config = config

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Train the head; the seed is that of its first weights and of the order of samples."""
        refuse_budget(self.name, budget_bytes)
        timed = fold.timed_scene("blobs")
        start = time.perf_counter()
        head = train_coordinate_head(timed.scene, seed=seed, config=self._config)
        reader = CoordinateHeadReader(head)
        return BuiltMap(
            localizer=PhotoLocalizer(
                query_extractor("blobs"),
                lambda size: reader,
                config=LocalizerConfig(min_inlier_ratio=_MIN_INLIER_RATIO),
            ),
            num_bytes=head.num_bytes(),
            mapping_seconds=timed.seconds + time.perf_counter() - start,
        )
