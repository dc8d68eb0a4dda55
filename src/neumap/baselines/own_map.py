"""neumap itself, as one of the compared methods."""

import time

from neumap.baselines.method import BuiltMap, Fold, required_budget
from neumap.mapping import MappingConfig, Source, map_of_scene


class NeumapMethod:
    """The package's map within a budget; settings of the codes may be given."""

    name = "neumap"
    has_budget = True

    def __init__(self, config: MappingConfig | None = None) -> None:
        self._config = config

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Choose and fit codes; see `mapping.map_of_scene`."""
        budget = required_budget(self.name, budget_bytes)
        timed = fold.timed_scene("blobs")
        start = time.perf_counter()
        source = Source(layout=fold.image_set.layout, num_images=len(fold.mapped), seed=seed)
        built = map_of_scene(timed.scene, source, budget_bytes=budget, config=self._config)
        seconds = timed.seconds + time.perf_counter() - start
        num_bytes = sum(built.bytes_by_part().values())
        return BuiltMap(localizer=built, num_bytes=num_bytes, mapping_seconds=seconds)
