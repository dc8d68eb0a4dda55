"""Text input files: bounded, decoded strictly, with errors that name the line and field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from neumap.errors import DataError

MAX_TEXT_BYTES = 2 * 2**30
"""Largest text file that is read; COLMAP's images.txt of 10,000 photos has about 1 GB."""


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a file; DataError if missing, too large or not text."""
    remedy = "Supply the file as UTF-8 text."
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise DataError(str(path), "has more than 2 GiB", remedy)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read as text ({error})", remedy) from error
    if "\0" in text:
        raise DataError(str(path), "holds NUL bytes, so it is not text", remedy)
    return text


@dataclass(frozen=True)
class Row:
    """One line of a table: its number in the file and its fields."""

    path: Path
    line: int
    fields: tuple[str, ...]

    @property
    def subject(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.line}"

    def floats(self, start: int, stop: int) -> Float64[np.ndarray, " value"]:
        """Return fields start..stop as numbers; DataError names the line and the field."""
        return np.array([self._float(index) for index in range(start, stop)], dtype=np.float64)

    def _float(self, index: int) -> float:
        if index >= len(self.fields):
            reason = f"has {len(self.fields)} fields, expected at least {index + 1}"
            raise DataError(self.subject, reason, "Complete the line.")
        return parse_float(self.fields[index], f"{self.subject}, field {index + 1}")


def parse_float(text: str, subject: str) -> float:
    """Parse a number with a decimal point; `1.#INF` and `-1.#IND` of Windows become NaN."""
    if ".#" in text:
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        reason = f"{text!r} is not a number"
        raise DataError(subject, reason, "Write numbers with a decimal point.") from error


def parse_int(text: str, subject: str) -> int:
    """Parse a whole number; DataError names the place."""
    try:
        return int(text)
    except ValueError as error:
        reason = f"{text!r} is not a whole number"
        raise DataError(subject, reason, "Write a whole number.") from error


def cut_warnings(*paths: Path) -> list[str]:
    """Return a sentence for each file that does not end with a line break, as a cut one may."""
    return [
        f"{path.name} does not end with a line break: its last line may have been cut."
        for path in paths
        if not _ends_with_line_break(path)
    ]


def odd_one_warnings(paths: Sequence[Path]) -> list[str]:
    """Return a sentence on files of one kind that lack the last line break that others have."""
    without = [path.name for path in paths if not _ends_with_line_break(path)]
    if not without or len(without) == len(paths):  # none, or how the data set writes them
        return []
    return [
        f"{len(without)} of {len(paths)} files like {without[0]} do not end with a line break: "
        "they may have been cut."
    ]


def _ends_with_line_break(path: Path) -> bool:
    with path.open("rb") as file:
        num_bytes = file.seek(0, SEEK_END)
        file.seek(max(0, num_bytes - 1))
        return file.read() == b"\n"


def table_rows(path: Path, *, separator: str | None = None) -> Iterator[Row]:
    """Yield the rows of a table, without blank lines and # comments.

    Fields are parted by white space, or by `separator` with white space around it ignored.
    """
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            fields = tuple(field.strip() for field in stripped.split(separator))
            yield Row(path, number, fields)
