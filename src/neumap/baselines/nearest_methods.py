"""The two maps of nearest neighbours, as compared methods."""

import time

from neumap.baselines.method import BuiltMap, Fold, refuse_budget, required_budget
from neumap.baselines.nearest import YARDSTICK_BYTES_PER_CODE, full_precision, yardstick
from neumap.baselines.photo_localizer import PhotoLocalizer, query_extractor
from neumap.baselines.yardstick_space import read_space
from neumap.errors import OptionError

_MIN_CODES = 4  # fewer cannot carry a pose


class FullPrecisionMethod:
    """All points with the mean descriptors of their tracks, in float32."""

    name = "full-precision"
    has_budget = False

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep all points; nothing is drawn at random."""
        refuse_budget(self.name, budget_bytes)
        timed = fold.timed_scene
        reader = full_precision(timed.scene)
        return BuiltMap(
            localizer=PhotoLocalizer(query_extractor(), lambda size: reader),
            num_bytes=reader.num_bytes,
            mapping_seconds=timed.seconds,
        )


class YardstickMethod:
    """The best plain map at the same bytes: covering points, 16 values of 4 bits each."""

    name = "yardstick"
    has_budget = True

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep as many points as the budget holds; nothing is drawn at random."""
        budget = required_budget(self.name, budget_bytes)
        least = _MIN_CODES * YARDSTICK_BYTES_PER_CODE
        if budget < least:
            reason = f"{budget} bytes hold fewer than {_MIN_CODES} points"
            raise OptionError(self.name, reason, f"Give at least {least} bytes.")
        timed = fold.timed_scene
        start = time.perf_counter()
        reader = yardstick(timed.scene, read_space(), num_bytes=budget)
        return BuiltMap(
            localizer=PhotoLocalizer(query_extractor(), lambda size: reader),
            num_bytes=reader.num_bytes,
            mapping_seconds=timed.seconds + time.perf_counter() - start,
        )
