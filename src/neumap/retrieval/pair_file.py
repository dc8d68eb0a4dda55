"""Pair files of hloc: a line `query mapped` for each pair of photos that may match.

Names are relative to the photos' folder and hold no white space, which parts the two.
"""

from collections.abc import Sequence
from pathlib import Path

from neumap.atomic_file import write_atomically
from neumap.errors import DataError, Fault
from neumap.images.input_text import Row, table_rows

PhotoPair = tuple[str, str]
"""Name of a query and of a mapped photo."""

_REMEDY = "Write two names a line, the query's and the mapped photo's."


def read_pairs(path: Path) -> tuple[PhotoPair, ...]:
    """Read the pairs in their order, best first where hloc wrote them.

    Blank lines and comments (#) are passed over. DataError lists every line that does not hold two
    names, holds one name twice, or repeats a pair; also a file that is missing, empty or no text.
    """
    rows = list(table_rows(path))
    faults: list[Fault] = []
    line_of: dict[PhotoPair, int] = {}
    for row in rows:
        reason = _defect(row, line_of)
        if reason is not None:
            faults.append(Fault(row.subject, reason, _REMEDY))
        else:
            line_of[row.fields[0], row.fields[1]] = row.line
    if faults:
        raise DataError.from_faults(faults)
    if not line_of:
        raise DataError(str(path), "holds no pairs", _REMEDY)
    return tuple(line_of)


def write_pairs(path: Path, pairs: Sequence[PhotoPair]) -> None:
    """Write the file whole or not at all; DataError on names that hold white space."""
    for name in (name for pair in pairs for name in pair):
        if name.split() != [name] or name.startswith("#"):
            reason = f"the name {name!r} is empty, holds white space or starts with #"
            raise DataError(str(path), reason, "Rename the photo.")
    lines = [f"{query} {mapped}\n" for query, mapped in pairs]
    write_atomically(path, "".join(lines).encode())


def _defect(row: Row, line_of: dict[PhotoPair, int]) -> str | None:
    if len(row.fields) != 2:
        return f"has {len(row.fields)} fields, expected 2"
    query, mapped = row.fields
    if query == mapped:
        return f"pairs {query} with itself"
    if (query, mapped) in line_of:
        return f"repeats the pair of line {line_of[query, mapped]}"
    return None
