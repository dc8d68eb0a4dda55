"""Predicted poses in the formats of other tools and of benchmark servers."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from neumap.errors import DataError, Fault, OptionError
from neumap.evaluation.colmap_export import colmap_files
from neumap.evaluation.kapture_export import kapture_files
from neumap.evaluation.posed_query import PosedQuery, numbers
from neumap.evaluation.prediction import Prediction
from neumap.evaluation.text_file import write_folder_atomically, write_text_atomically

ExportFormat = Literal["visloc", "kapture", "tum", "colmap"]

_FOLDERS: Mapping[str, Callable[[Sequence[PosedQuery]], dict[str, str]]] = {
    "kapture": kapture_files,
    "colmap": colmap_files,
}
_SEPARATORS = {
    "visloc": (re.compile(r"\s"), "white space"),
    "kapture": (re.compile(r"[,\r\n]|^\s|\s$"), "a comma, a line break or outer white space"),
    "colmap": (re.compile(r"\s"), "white space"),
}
"""What separates fields or lines in a format, so that no name may hold it."""


@dataclass(frozen=True)
class ExportCounts:
    """How many poses were written, and how many queries have none."""

    num_written: int
    num_failed: int


def export_predictions(
    predictions: Sequence[Prediction],
    target: Path,
    *,
    format_name: ExportFormat,
    name_parts: int | None = None,
) -> ExportCounts:
    """Write all poses; a failed query has none, and none of the formats can say so.

    `visloc` and `tum` write one file, `kapture` and `colmap` a new folder; each is whole or
    absent. `name_parts` keeps the last parts of each name, for servers that list bare file names.

    Raises DataError where no query has a pose, a name stands twice or cannot be written in the
    format, or the target cannot be written; OptionError on name_parts below 1 or for a format
    other than visloc.
    """
    queries = posed_queries(predictions)
    if name_parts is not None:
        if format_name != "visloc" or name_parts < 1:
            raise OptionError(
                "--name-parts",
                f"{name_parts} for the format {format_name}",
                "Use 1 or more, for visloc only.",
            )
        queries = tuple(query.with_name_parts(name_parts) for query in queries)
    _check_names(queries, format_name)
    if format_name in _FOLDERS:
        write_folder_atomically(target, _FOLDERS[format_name](queries))
    else:
        lines = visloc_lines(queries) if format_name == "visloc" else tum_lines(queries)
        write_text_atomically(target, "".join(f"{line}\n" for line in lines))
    return ExportCounts(len(queries), len(predictions) - len(queries))


def posed_queries(predictions: Sequence[Prediction]) -> tuple[PosedQuery, ...]:
    """Return the localised queries; DataError where there is none."""
    queries = tuple(
        PosedQuery(position, prediction.name, prediction.cam_from_world, prediction.camera)
        for position, prediction in enumerate(predictions)
        if prediction.cam_from_world is not None and prediction.camera is not None
    )
    if not queries:
        raise DataError(
            "predictions",
            f"none of the {len(predictions)} queries has a pose",
            "Export predictions with at least one localised query.",
        )
    return queries


def visloc_lines(queries: Sequence[PosedQuery]) -> list[str]:
    """Return `name qw qx qy qz tx ty tz` lines of cam_from_world (visuallocalization.net)."""
    return [
        f"{query.name} {numbers(*pose.quat_wxyz, *pose.translation)}"
        for query in queries
        for pose in (query.cam_from_world,)
    ]


def tum_lines(queries: Sequence[PosedQuery]) -> list[str]:
    """Return `time tx ty tz qx qy qz qw` lines of world_from_cam, in order of time.

    The time stamp is the photo's name where all names are decimal seconds, as in TUM sequences;
    else the query's position in the predictions file. A comment says which.
    """
    stamps = [PurePosixPath(query.name).stem for query in queries]
    is_timed = all(re.fullmatch(r"\d+\.\d+", stamp) for stamp in stamps)
    if is_timed and len({float(stamp) for stamp in stamps}) == len(stamps):
        source = "seconds from the names of the photos"
    else:
        stamps = [str(query.position) for query in queries]
        source = "positions in the predictions file, from 0"
    lines: list[str] = []
    for stamp, query in sorted(zip(stamps, queries, strict=True), key=lambda pair: float(pair[0])):
        pose = query.cam_from_world.inverse()
        qw, qx, qy, qz = pose.quat_wxyz
        lines.append(f"{stamp} {numbers(*pose.translation, qx, qy, qz, qw)}")
    return [f"# time stamps: {source}", "# timestamp tx ty tz qx qy qz qw", *lines]


def _check_names(queries: Sequence[PosedQuery], format_name: ExportFormat) -> None:
    counts = Counter(query.name for query in queries)
    faults = [
        Fault(name, f"is the name of {count} queries", "Keep more parts of the names.")
        for name, count in counts.items()
        if count > 1
    ]
    if format_name in _SEPARATORS:
        pattern, what = _SEPARATORS[format_name]
        faults += [
            Fault(
                name,
                f"holds {what}, which separates fields in the format {format_name}",
                "Rename the photo or choose another format.",
            )
            for name in counts
            if pattern.search(name)
        ]
    if faults:
        raise DataError.from_faults(faults)
