"""Names in a pickle, read from its opcodes as data: nothing is unpickled, so nothing runs."""

import pickletools
from collections.abc import Sequence
from pathlib import Path

from neumap.errors import DataError

MAX_BYTES = 16 * 2**20
_STRINGS = frozenset(
    {
        *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"),
        *("SHORT_BINSTRING", "BINSTRING", "STRING"),
    }
)
_STORES = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_RECALLS = frozenset({"GET", "BINGET", "LONG_BINGET"})


def names_by_key(path: Path, keys: Sequence[str], *, suffix: str) -> dict[str, tuple[str, ...]]:
    """Return for each key the strings with the suffix that follow it in a pickled dict of lists.

    Raises DataError on a file that cannot be read, is cut or holds no name under one of the keys.
    """
    remedy = "Supply the data set's own file."
    found: dict[str, list[str]] = {key: [] for key in keys}
    current: str | None = None
    try:
        for text in _strings(path):
            if not text.endswith(suffix):
                current = text
            elif current in found:
                found[current].append(text)
    except (OSError, ValueError) as error:
        raise DataError(str(path), f"is no whole pickle ({error})", remedy) from error
    for key, names in found.items():
        if not names:
            raise DataError(str(path), f"lists no *{suffix} under {key!r}", remedy)
    return {key: tuple(names) for key, names in found.items()}


def _strings(path: Path) -> Sequence[str]:
    """Return all strings in the order in which they are put on the stack, repeated ones too."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    strings: list[str] = []
    memo: dict[int, str | None] = {}
    last: str | None = None
    for opcode, argument, _ in pickletools.genops(path.read_bytes()):
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = last
        elif opcode.name in _STORES and isinstance(argument, int):
            memo[argument] = last
        else:
            last = None
            if opcode.name in _STRINGS and isinstance(argument, str):
                last = argument
            elif opcode.name in _RECALLS and isinstance(argument, int):
                last = memo.get(argument)
            if last is not None:
                strings.append(last)
    return strings
