"""Options that the benchmarks on development sets share."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.sets import DEV_SETS


@dataclass(frozen=True, kw_only=True)
class DevOptions:
    """What to run."""

    out: Path
    """JSON file; other sets in it stay."""
    data: Path = Path("../shared/data")
    """Folder of the sets."""
    sets: tuple[str, ...] = DEV_SETS
    budgets: tuple[int, ...] = (1_000, 2_000, 4_200)
    """Bytes of the maps."""
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    query_step: int = 4
    """Take every n-th query of redkitchen (frames 500 to 699; 0 to 499 are mapped)."""
    max_folds: int = 5
    """Folds of the small sets that are run."""
