"""JSON input files: typed access to fields, with errors that name the file and the field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError, Fault
from neumap.images.input_text import read_text
from neumap.images.pose_matrix import check_last_row


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; DataError if it holds anything else."""
    remedy = "Write one JSON object."
    try:
        content: Any = json.loads(read_text(path))  # untyped until each field is checked
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(str(path), f"is not JSON ({error})", remedy) from error
    if not isinstance(content, dict):
        raise DataError(str(path), "is not a JSON object", remedy)
    return content


@dataclass(frozen=True)
class JsonFields:
    """Typed access to the fields of one JSON object, with defaults from an outer object."""

    subject: str
    """File and place, for messages."""
    levels: tuple[dict[str, Any], ...]
    """Objects to look in, innermost first."""

    def get(self, name: str) -> object:
        """Return the innermost value of that name, None where there is none."""
        return next((level[name] for level in self.levels if level.get(name) is not None), None)

    def number(self, name: str) -> float | None:
        """Return a number, None where absent; DataError on any other type."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, f"{value!r} is not a number")
        try:
            return float(value)
        except OverflowError as error:  # JSON integers have no bound
            raise self.wrong(name, "is too large") from error

    def need_number(self, name: str) -> float:
        """Return a number that must be there."""
        value = self.number(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def text(self, name: str) -> str | None:
        """Return a string, None where absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, f"{value!r} is not text")
        return value

    def need_text(self, name: str) -> str:
        """Return a string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise self.wrong(name, "is missing")
        return value

    def size(self, name: str) -> int | None:
        """Return a positive whole number of pixels (it may be written as 640.0)."""
        value = self.number(name)
        if value is None:
            return None
        if not value.is_integer() or value < 1:
            raise self.wrong(name, f"{value} is not a size in pixels")
        return int(value)

    def matrix(self, name: str) -> Float64[np.ndarray, "rows 4"]:
        """Return a 3x4 or 4x4 matrix, NaN allowed; the last row of a 4x4 must be 0 0 0 1."""
        rows: Any = self.get(name)
        good = isinstance(rows, Sequence) and len(rows) in (3, 4)
        good = good and all(isinstance(row, Sequence) and len(row) == 4 for row in rows)
        if not good or not all(_is_number(value) for row in rows for value in row):
            raise self.wrong(name, "is not a 3x4 or 4x4 matrix of numbers")
        try:
            matrix = np.array(rows, dtype=np.float64)
        except OverflowError as error:
            raise self.wrong(name, "holds a number that is too large") from error
        check_last_row(matrix, f"{self.subject}, field {name}")
        return matrix

    def wrong(self, name: str, reason: str) -> DataError:
        """Build the error for one field."""
        return DataError(f"{self.subject}, field {name}", reason, "Correct the field.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def frame_objects(
    content: Mapping[str, Any], path: Path, faults: list[Fault]
) -> Iterator[tuple[str, dict[str, Any]]]:  # Any: JSON values
    """Yield place and content of each entry of the field `frames` that is an object.

    Other entries are added to the faults. Raises DataError if the field is no list or empty.
    """
    entries: object = content.get("frames")
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}, field frames", "is not a list of frames", "List the frames.")
    for index, entry in enumerate(cast(list[Any], entries)):
        subject = f"{path}, frames[{index}]"
        if isinstance(entry, dict):
            yield subject, cast(dict[str, Any], entry)
        else:
            faults.append(Fault(subject, "is not an object", "Write one object a frame."))
