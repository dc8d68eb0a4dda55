"""The two maps of nearest neighbours, as compared methods.

Both are made with XFeat's own key-points, as `decoder.md` section 6 fixes them, and, under the name
`-blobs`, with those that neumap's maps have: what is left there is owed to codes and decoder.
"""

import time

from neumap.baselines.method import BuiltMap, Fold, refuse_budget, required_budget
from neumap.baselines.nearest import YARDSTICK_BYTES_PER_CODE, full_precision, yardstick
from neumap.baselines.photo_localizer import PhotoLocalizer, query_extractor
from neumap.baselines.yardstick_space import read_space
from neumap.errors import OptionError
from neumap.features.xfeat import Detector

_MIN_CODES = 4  # fewer cannot carry a pose


class FullPrecisionMethod:
    """All points with the mean descriptors of their tracks, in float32."""

    has_budget = False

    def __init__(self, detector: Detector = "xfeat") -> None:
        self._detector: Detector = detector
        self.name = _name("full-precision", detector)

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep all points; nothing is drawn at random."""
        refuse_budget(self.name, budget_bytes)
        timed = fold.timed_scene(self._detector)
        reader = full_precision(timed.scene)
        return BuiltMap(
            localizer=PhotoLocalizer(query_extractor(self._detector), lambda size: reader),
            num_bytes=reader.num_bytes,
            mapping_seconds=timed.seconds,
        )


class YardstickMethod:
    """The best plain map at the same bytes: covering points, 16 values of 4 bits each."""

    has_budget = True

    def __init__(self, detector: Detector = "xfeat") -> None:
        self._detector: Detector = detector
        self.name = _name("yardstick", detector)

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep as many points as the budget holds; nothing is drawn at random."""
        budget = required_budget(self.name, budget_bytes)
        least = _MIN_CODES * YARDSTICK_BYTES_PER_CODE
        if budget < least:
            reason = f"{budget} bytes hold fewer than {_MIN_CODES} points"
            raise OptionError(self.name, reason, f"Give at least {least} bytes.")
        timed = fold.timed_scene(self._detector)
        start = time.perf_counter()
        reader = yardstick(timed.scene, read_space(), num_bytes=budget)
        return BuiltMap(
            localizer=PhotoLocalizer(query_extractor(self._detector), lambda size: reader),
            num_bytes=reader.num_bytes,
            mapping_seconds=timed.seconds + time.perf_counter() - start,
        )


def _name(method: str, detector: Detector) -> str:
    return method if detector == "xfeat" else f"{method}-{detector}"
