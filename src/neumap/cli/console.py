"""Progress and warnings on standard error, tables on standard output."""

import json
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from neumap.errors import Fault, NeumapError, OptionError

_FILE_WIDTH = 120

ProgressCallback = Callable[[str, int, int], None]
"""Takes (stage, done, total)."""


@contextmanager
def progress_bars(*, quiet: bool) -> Generator[ProgressCallback]:
    """Show one bar with ETA for each stage; nothing if quiet or standard error is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    is_hidden = quiet or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=is_hidden) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show


def warn(sentences: Sequence[str]) -> None:
    """Print each sentence as one warning line on standard error."""
    for sentence in sentences:
        print(f"warning: {sentence}", file=sys.stderr)


def report_faults(error: NeumapError) -> None:
    """Print each fault of an error as one line on standard error."""
    for fault in error.faults:
        print(f"error: {fault}".replace("\n", " "), file=sys.stderr)


def print_json(content: dict[str, object]) -> None:
    """Print one JSON object on standard output; infinite numbers must be None before."""
    print(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))


def print_table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print a two-column table on standard output."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", overflow="fold")
    for label, value in rows:
        table.add_row(label, value)
    # no markup: a file name may hold square brackets
    Console(markup=False, highlight=False).print(table)


def print_wide_table(table: Table) -> None:
    """Print a table of many columns; in a file, which has no width, it gets 120 characters."""
    # no markup: a name and an interval may hold square brackets
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_FILE_WIDTH)
    console.print(table)


def require_writable(outputs: dict[str, Path | None]) -> None:
    """Refuse outputs (option to path) that could not be written, before the work is done.

    Raises OptionError that lists them all.
    """
    faults: list[Fault] = []
    for option, path in outputs.items():
        if path is None:
            continue
        reason = _output_defect(path)
        if reason is not None:
            faults.append(Fault(f"{option} {path}", reason, "Name a file in an existing folder."))
    if faults:
        raise OptionError.from_faults(faults)


def _output_defect(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder"
    if not path.parent.is_dir():
        return "its folder does not exist"
    if not os.access(path.parent, os.W_OK):
        return "its folder cannot be written to"
    return None
