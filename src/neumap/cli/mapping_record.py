"""What a mapping run took, in a small file beside the map: maps of one seed stay equal to the bit.

The record of `room.neumap` is `room.neumap.run.json`. A localiser does not need it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neumap.atomic_file import write_atomically
from neumap.codes.forecast import Forecast


def record_path(map_path: Path) -> Path:
    """Return where the record of a map lies."""
    return map_path.with_name(f"{map_path.name}.run.json")


def write_record(
    map_path: Path,
    *,
    seconds: float,
    stage_seconds: Mapping[str, float],
    forecast: Forecast | None = None,
) -> None:
    """Write the times of the run that made this file, and the errors to expect.

    OSError where that cannot be done.
    """
    content: dict[str, Any] = {
        "map_sha256": _sha256(map_path),
        "mapping_seconds": round(seconds, 3),
        "stage_seconds": {stage: round(value, 3) for stage, value in stage_seconds.items()},
    }
    if forecast is not None:
        content["forecast"] = forecast.to_json()
    data = (json.dumps(content, indent=1) + "\n").encode()
    write_atomically(record_path(map_path), data)


def recorded_seconds(map_path: Path) -> float | None:
    """Return the mapping time of this very file; None without a record, or with another map's."""
    content = _record_of(map_path)
    seconds = content.get("mapping_seconds")
    return float(seconds) if isinstance(seconds, int | float) else None


def recorded_forecast(map_path: Path) -> Forecast | None:
    """Return the errors to expect of this very file and of smaller ones; None if not recorded."""
    content = _record_of(map_path).get("forecast")
    try:
        return None if content is None else Forecast.from_json(content)
    except (KeyError, TypeError, ValueError):
        return None


def _record_of(map_path: Path) -> dict[str, Any]:
    try:
        content: Any = json.loads(record_path(map_path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict) or content.get("map_sha256") != _sha256(map_path):
        return {}
    return content


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
