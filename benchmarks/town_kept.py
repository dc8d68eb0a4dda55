"""What a run of the town keeps, so that a stopped one goes on: the map and finished rows."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neumap.benchmark.kept_run import MapCost, RunName, find_kept, keep
from neumap.benchmark.run_key import (
    ContentHashes,
    fold_fingerprint,
    library_versions,
    package_fingerprint,
)
from neumap.evaluation import Prediction
from neumap.evaluation.predictions import read_predictions
from neumap.images import ImageSet, Split
from neumap.scene_map import Map


@dataclass(frozen=True, kw_only=True)
class KeptTown:
    """A folder, and the key of a run: with the same key all results are the same."""

    folder: Path
    key: str

    @classmethod
    def of(
        cls, folder: Path, image_set: ImageSet, split: Split, settings: Mapping[str, object]
    ) -> "KeptTown":
        """Make the key of photos, settings, code, weights and libraries."""
        own_code = b"".join(path.read_bytes() for path in _code_files())
        content = {
            "photos": fold_fingerprint(image_set, split, ContentHashes()),
            "settings": settings,
            "package": package_fingerprint(),
            "benchmark": hashlib.sha256(own_code).hexdigest(),
            "libraries": library_versions(),
        }
        text = json.dumps(content, sort_keys=True)
        return cls(folder=folder, key=hashlib.sha256(text.encode()).hexdigest())

    def map(self, build: Callable[[], Map]) -> Map:
        """Return the map of this key from its file, or build and keep it."""
        path = self.folder / f"{self.key}.neumap"
        if path.exists():
            return Map.load(path)
        built = build()
        self.folder.mkdir(parents=True, exist_ok=True)
        built.save(path)
        return built

    def row(
        self, pass_name: str, reader: str, localize: Callable[[], Sequence[Prediction]]
    ) -> Sequence[Prediction]:
        """Return the answers of a reader to a pass from their file, or find and keep them."""
        name = RunName(scene=pass_name, method=reader, budget_bytes=None, fold=0, seed=0)
        kept = find_kept(name, self.folder, key=self.key)
        if kept is None:
            cost = MapCost(map_bytes=0, mapping_seconds=0.0)  # stated by the benchmark itself
            kept = keep(name, self.folder, localize(), cost, key=self.key)
        return read_predictions(kept.predictions)


def _code_files() -> list[Path]:
    """Files that poses depend on: the page is made of the result."""
    found = Path(__file__).parent.glob("town*.py")
    return sorted(path for path in found if path.stem != "town_page")
