"""One row of a benchmark: a method at a budget in a scene."""

from dataclasses import dataclass

from neumap.evaluation.scene_evidence import SceneEvidence
from neumap.evaluation.summary import Summary


@dataclass(frozen=True, kw_only=True, eq=False)
class BenchmarkRow:
    """A method's map of a scene and how its queries were answered."""

    scene: str
    method: str
    budget_bytes: int | None
    """Bytes that the map was allowed; None where the method has no way to choose them."""
    map_bytes: int
    """All that has to be kept to localise a photo, networks aside."""
    mapping_seconds: float
    summary: Summary
    """All queries of all folds and seeds; those of further seeds have names of their own."""
    evidence: SceneEvidence | None
    """What pictures are drawn from; None shows figures and curves alone."""
    main_recalls: tuple[str, ...] = ()
    """Labels of the thresholds in metres that tables of the data set count, the main one first."""
    by_seed: tuple[Summary, ...] = ()
    """The figures of each seed's maps, in order of the seeds; empty where there is one alone."""
