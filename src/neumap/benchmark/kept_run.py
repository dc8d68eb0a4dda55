"""One method's answers to one fold, kept on disk: a killed benchmark goes on where it stopped.

Two files: predictions as JSON lines, and beside them a record with the run's key and the SHA-256 of
the predictions. The record is written last, so that with it the run is whole.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from neumap.benchmark.out_folder import make_folder
from neumap.evaluation import Prediction, write_predictions
from neumap.evaluation.text_file import write_text_atomically

PREDICTIONS = "predictions"
"""Folder of the results that holds all runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunName:
    """Which run: the place of its files follows from it."""

    scene: str
    method: str
    budget_bytes: int | None
    fold: int
    seed: int

    def predictions_path(self, out: Path) -> Path:
        """Return where the predictions lie in the folder of the results."""
        budget = "" if self.budget_bytes is None else f"-{self.budget_bytes}B"
        scene = re.sub(r"[^\w.-]", "_", self.scene)
        stem = f"{self.method}{budget}-fold{self.fold}-seed{self.seed}"
        return out / PREDICTIONS / scene / f"{stem}.jsonl"


class MapCost(BaseModel):
    """What the map of a run cost, and why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    map_bytes: NonNegativeInt
    mapping_seconds: NonNegativeFloat
    no_map_reason: str | None = None
    """None where there is a map; else every query is a miss."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    predictions_sha256: str
    cost: MapCost


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRun:
    """A run whose files are whole."""

    name: RunName
    predictions: Path
    cost: MapCost
    is_reused: bool
    """Whether an earlier command computed it."""


def find_kept(name: RunName, out: Path, *, key: str) -> KeptRun | None:
    """Return the run if its files are whole and belong to this key, else None."""
    path = name.predictions_path(out)
    try:
        record = _Record.model_validate_json(_record_path(path).read_bytes())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValidationError):
        return None
    if record.key != key or record.predictions_sha256 != digest:
        return None
    return KeptRun(name=name, predictions=path, cost=record.cost, is_reused=True)


def keep(
    name: RunName, out: Path, predictions: Sequence[Prediction], cost: MapCost, *, key: str
) -> KeptRun:
    """Write the run's files, record last; DataError where they cannot be written."""
    path = name.predictions_path(out)
    make_folder(path.parent)
    write_predictions(path, predictions)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = _Record(key=key, predictions_sha256=digest, cost=cost)
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text_atomically(_record_path(path), text + "\n")
    return KeptRun(name=name, predictions=path, cost=cost, is_reused=False)


def _record_path(predictions: Path) -> Path:
    return predictions.with_suffix(".run.json")
