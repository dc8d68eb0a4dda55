"""Options of the verbs that score, compare and hand on poses; nothing heavy is imported."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from neumap.cli.shared_options import AsJson, EngineName, LayoutName, Quiet, VerbOptions


class EvaluateOptions(VerbOptions):
    """Localise the queries of a data set and score them against their true poses.

    Predictions are written first and scored from that file. A failed query counts as an
    infinite error; in the JSON file infinite and unknown numbers are null.
    """

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    data: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA")]
    """Folder with the queries and their true poses."""
    json_out: Annotated[Path, tyro.conf.arg(name="json", metavar="OUT.json")]
    """File for all figures."""
    split: Annotated[Path | None, tyro.conf.arg(metavar="SPLIT.json", help_behavior_hint="")] = None
    """JSON file {"map": [names], "query": [names]}; without it every 5th photo is a query."""
    report: Annotated[Path | None, tyro.conf.arg(metavar="REPORT.html", help_behavior_hint="")] = (
        None
    )
    """File for a report with curves and pictures."""
    engine: EngineName = "auto"
    """What describes photos: float32 gives the same figures on every processor."""
    predictions: Annotated[
        Path | None, tyro.conf.arg(metavar="FILE.jsonl", help_behavior_hint="")
    ] = None
    """File for the predictions; OUT.predictions.jsonl beside OUT.json if not given."""
    layout: LayoutName = None
    """Layout of the folder, if it is not to be detected."""
    quiet: Quiet = False
    """No progress bars."""


class PredictOptions(VerbOptions):
    """Localise the queries of a data set and write the predictions; no true pose is needed.

    For benchmarks whose server keeps the true poses: `neumap export` turns the file into what the
    server reads. `neumap evaluate` also scores.
    """

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    data: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA")]
    """Folder with the queries and their cameras."""
    out: Annotated[Path, tyro.conf.arg(metavar="PREDICTIONS.jsonl")]
    """File to write."""
    split: Annotated[Path | None, tyro.conf.arg(metavar="SPLIT.json", help_behavior_hint="")] = None
    """JSON file {"map": [names], "query": [names]}; without it the layout's own queries, or every
    5th photo."""
    engine: EngineName = "auto"
    """What describes photos: float32 gives the same poses on every processor."""
    layout: LayoutName = None
    """Layout of the folder, if it is not to be detected."""
    quiet: Quiet = False
    """No progress bars."""


class ReportOptions(VerbOptions):
    """Join the evaluations of several scenes in one table, with all queries pooled.

    Each scene is a figures file of `neumap evaluate`. The page has the table, the curves of all
    scenes and each scene's figures; pictures stand in the reports of the single scenes.
    """

    figures: Annotated[
        tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="FILE.json...")
    ]
    """Figures files, one a scene."""
    out: Annotated[Path, tyro.conf.arg(metavar="REPORT.html")]
    """Page to write."""
    json_out: Annotated[
        Path | None, tyro.conf.arg(name="json", metavar="OUT.json", help_behavior_hint="")
    ] = None
    """File for the figures of all scenes and of the pooled queries."""


class CompareOptions(VerbOptions):
    """Compare two evaluations query by query, with 95 % confidence intervals.

    Both are figures files of `neumap evaluate`. Each side may have more files: runs with other
    seeds, other scenes or other folds. Queries are matched by scene and name.
    """

    a: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN_A.json")]
    """Figures of side A."""
    b: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN_B.json")]
    """Figures of side B; differences are B - A."""
    also_a: Annotated[
        tuple[Path, ...], tyro.conf.arg(metavar="FILE.json...", help_behavior_hint="")
    ] = ()
    """More files of side A."""
    also_b: Annotated[
        tuple[Path, ...], tyro.conf.arg(metavar="FILE.json...", help_behavior_hint="")
    ] = ()
    """More files of side B."""
    resamples: Annotated[int, tyro.conf.arg(metavar="N")] = 2000
    """Resamples of the bootstrap."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Seed of the resampling."""
    as_json: AsJson = False
    """Print one JSON object instead of the table."""


class ExportOptions(VerbOptions):
    """Write the poses of a predictions file in a format that other tools and servers read.

    Formats: `visloc` (visuallocalization.net: name qw qx qy qz tx ty tz, cam_from_world), `tum`
    (trajectory), `kapture` and `colmap` (folders). Queries that failed have no pose and are left
    out; the command says how many.
    """

    predictions: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="PREDICTIONS.jsonl")]
    """Predictions file of `neumap evaluate` or `neumap predict`."""
    out: Annotated[Path, tyro.conf.arg(metavar="PATH")]
    """File (visloc, tum) or new folder (kapture, colmap) to write."""
    format: Annotated[Literal["visloc", "kapture", "tum", "colmap"], tyro.conf.arg()]
    """Format to write."""
    name_parts: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="")] = None
    """Keep only the last N parts of each name, e.g. 1 for Aachen, 2 for RobotCar (visloc only)."""


class PairsOptions(VerbOptions):
    """Find for each query the mapped photos that look most alike, and write a pair file of hloc.

    A line is `query mapped`, most alike first. Poses are not looked at; the layout's own queries,
    else every 5th photo, are paired with the others unless --split says otherwise.
    """

    data: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA")]
    """Folder of the capture."""
    out: Annotated[Path, tyro.conf.arg(metavar="PAIRS.txt")]
    """File to write."""
    num: Annotated[int, tyro.conf.arg(metavar="N")] = 10
    """Mapped photos for each query."""
    descriptor: Literal["xfeat", "efficientnet"] = "xfeat"
    """What photos are compared by: their key-points, or a network of the extra `retrieval`."""
    split: Annotated[Path | None, tyro.conf.arg(metavar="SPLIT.json", help_behavior_hint="")] = None
    """JSON file {"map": [names], "query": [names]}."""
    layout: LayoutName = None
    """Layout of the folder, if it is not to be detected."""
    quiet: Quiet = False
    """No progress bars."""


class BenchmarkOptions(VerbOptions):
    """Run a published benchmark, or one of the small sets, with neumap and other methods.

    Predictions, results (benchmark.json), figures of each row and a page (report.html) go to the
    folder of --out. A command that was stopped goes on where it was: what is whole is kept.
    """

    name: Annotated[
        tyro.conf.Positional[str | None], tyro.conf.arg(metavar="NAME", help_behavior_hint="")
    ] = None
    """Name of the benchmark, see --list."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="ROOT", help_behavior_hint="")] = None
    """Folder that holds the scenes, or the folder of one scene."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")] = None
    """Folder of the results; made if it is not there."""
    methods: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME...")] = (
        *("neumap", "yardstick", "full-precision"),
    )
    """Methods to compare (docs/baselines.md), or `all`."""
    budgets: Annotated[
        tuple[str, ...], tyro.conf.arg(metavar="SIZE...", help_behavior_hint="")
    ] = ()
    """Sizes of the maps, e.g. 4.2kB 28kB; without it the benchmark's own."""
    every: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Ask only every N-th query; all photos are mapped."""
    folds: Annotated[tuple[int, ...], tyro.conf.arg(metavar="K...", help_behavior_hint="")] = ()
    """Run only these folds, counted from 0."""
    seeds: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Map with so many seeds and pool their queries."""
    no_pictures: Annotated[bool, tyro.conf.arg(help_behavior_hint="")] = False
    """Leave photos out of the page, for data that may not be passed on."""
    list_all: Annotated[bool, tyro.conf.arg(name="list", help_behavior_hint="")] = False
    """Print the benchmarks with scenes, split, settings and page, and run none."""
    as_json: AsJson = False
    """Print one JSON object instead of the table."""
    quiet: Quiet = False
    """No progress bars."""
