"""The options of each verb; nothing heavy is imported here, so that help is quick."""

from pathlib import Path
from typing import Annotated, Literal

import tyro
from pydantic import BaseModel, ConfigDict

# the hints are emptied where a default would read "None" or "False": the sentence says it
_Layout = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]
_Engine = Literal["auto", "float32", "bfloat16", "openvino"]
_Json = Annotated[bool, tyro.conf.arg(name="json", help_behavior_hint="")]
_Quiet = Annotated[bool, tyro.conf.arg(help_behavior_hint="")]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DemoOptions(_Options):
    """Render a small room, map it, localise photos in it and write a report."""

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("demo_output")
    """Folder for the photos, the map, the predictions and report.html."""
    quiet: _Quiet = False
    """No progress bars."""


class ExtractOptions(_Options):
    """Write the frames of a recording to a new folder that `neumap map` reads.

    Recordings: .sens files of ScanNet, ROS bags (.bag, .mcap, folders of ROS 2; needs rosbags).
    The options on topics are for bags that have several of a type.
    """

    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RECORDING")]
    """.sens file or ROS bag."""
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
    """New folder for photos, depth, intrinsics and poses."""
    every: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Keep every n-th frame."""
    image_topic: Annotated[str | None, tyro.conf.arg(metavar="TOPIC", help_behavior_hint="")] = None
    """Photos."""
    camera_info_topic: Annotated[
        str | None, tyro.conf.arg(metavar="TOPIC", help_behavior_hint="")
    ] = None
    """Intrinsics; the camera_info beside the photos if not given."""
    pose_topic: Annotated[str | None, tyro.conf.arg(metavar="TOPIC", help_behavior_hint="")] = None
    """Poses."""
    depth_topic: Annotated[str | None, tyro.conf.arg(metavar="TOPIC", help_behavior_hint="")] = None
    """Depth registered to the photos; none is taken if not given."""
    posed_frame: Annotated[str | None, tyro.conf.arg(metavar="FRAME", help_behavior_hint="")] = None
    """Coordinate frame of the poses where their messages do not name it."""
    quiet: _Quiet = False
    """No progress bars."""


class MapOptions(_Options):
    """Make a map file of the posed photos in a folder.

    Layouts: COLMAP models, transforms.json (nerfstudio, instant-ngp), 7-Scenes, TUM RGB-D,
    cameras.json, and the benchmarks and phone apps of docs/datasets. The layout's own queries, else
    every 5th photo, are left out unless --split says otherwise.
    """

    data: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA")]
    """Folder of the capture."""
    out: Annotated[Path, tyro.conf.arg(metavar="MAP")]
    """Map file to write; replaced as a whole once the new one is complete."""
    split: Annotated[str | None, tyro.conf.arg(metavar="SPLIT.json|all", help_behavior_hint="")] = (
        None
    )
    """JSON file {"map": [names], "query": [names]}; `all` maps every photo."""
    budget: Annotated[str, tyro.conf.arg(metavar="SIZE")] = "28kB"
    """Largest size of the map file, e.g. 28kB (28000 bytes), 4.2kB or 1MiB; a unit is needed."""
    device: Annotated[str, tyro.conf.arg(metavar="DEVICE")] = "cpu"
    """Where networks run: cpu or cuda."""
    poses: Literal["given", "sfm"] = "given"
    """`sfm` finds the poses of bare photos first; their unit is then unknown."""
    layout: _Layout = None
    """Layout of the folder, if it is not to be detected."""
    preset: Annotated[str, tyro.conf.arg(metavar="NAME|FILE.toml")] = "default"
    """Settings of the mapping: default, fast, or a TOML file of your own."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Seed of everything random."""
    as_json: _Json = False
    """Print one JSON object instead of the table."""
    quiet: _Quiet = False
    """No progress bars."""


class CompressOptions(_Options):
    """Make a smaller map of an existing one; its photos are not needed.

    Codes that stay keep their places spread as those of the map. The map is not changed.
    """

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    budget: Annotated[str, tyro.conf.arg(metavar="SIZE")]
    """Largest size of the smaller map, e.g. 8kB; a unit is needed."""
    out: Annotated[Path, tyro.conf.arg(metavar="SMALLER")]
    """Map file to write; replaced as a whole once the new one is complete."""
    as_json: _Json = False
    """Print one JSON object instead of the table."""


class LocalizeOptions(_Options):
    """Find the camera poses of photos in a map.

    Without --camera the focal length is read from the photo's EXIF block; where that has none
    it is estimated, and the answer says so.
    """

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    photos: Annotated[
        tyro.conf.Positional[tuple[Path, ...]],
        tyro.conf.arg(metavar="PHOTO...", help_behavior_hint=""),
    ]
    """One or more JPEG or PNG files."""
    camera: Annotated[
        str | None, tyro.conf.arg(metavar="MODEL,w,h,params...|FILE.json", help_behavior_hint="")
    ] = None
    """Camera of all photos: a COLMAP model, e.g. PINHOLE,640,480,525,525,320,240."""
    quality: Literal["full", "fast", "fastest"] = "full"
    """Less than full takes fewer key-points: quicker, less accurate."""
    engine: _Engine = "auto"
    """What describes photos: auto is torch in float32 or, where the processor has it, bfloat16."""
    as_json: _Json = False
    """Print one JSON object instead of text."""
    quiet: _Quiet = False
    """No progress bars."""


class EvaluateOptions(_Options):
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
    engine: _Engine = "auto"
    """What describes photos: float32 gives the same figures on every processor."""
    predictions: Annotated[
        Path | None, tyro.conf.arg(metavar="FILE.jsonl", help_behavior_hint="")
    ] = None
    """File for the predictions; OUT.predictions.jsonl beside OUT.json if not given."""
    layout: _Layout = None
    """Layout of the folder, if it is not to be detected."""
    quiet: _Quiet = False
    """No progress bars."""


class PredictOptions(_Options):
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
    layout: _Layout = None
    """Layout of the folder, if it is not to be detected."""
    quiet: _Quiet = False
    """No progress bars."""


class ReportOptions(_Options):
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


class CompareOptions(_Options):
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
    as_json: _Json = False
    """Print one JSON object instead of the table."""


class ExportOptions(_Options):
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


class PairsOptions(_Options):
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
    layout: _Layout = None
    """Layout of the folder, if it is not to be detected."""
    quiet: _Quiet = False
    """No progress bars."""


class InfoOptions(_Options):
    """Print what a map file holds: bytes by part, units, origin and versions."""

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    as_json: _Json = False
    """Print one JSON object instead of the table."""


class BenchmarkOptions(_Options):
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
    """Print the benchmarks with scenes, split and page, and run none."""
    as_json: _Json = False
    """Print one JSON object instead of the table."""
    quiet: _Quiet = False
    """No progress bars."""


VERBS: dict[str, tuple[type[_Options], str]] = {
    "demo": (DemoOptions, "render a room, map it, localise in it, write a report"),
    "extract": (ExtractOptions, "a .sens file or ROS bag to a folder of photos and poses"),
    "map": (MapOptions, "posed photos to one map file"),
    "compress": (CompressOptions, "a map to a smaller one, without its photos"),
    "localize": (LocalizeOptions, "photos to camera poses"),
    "evaluate": (EvaluateOptions, "errors of a map's queries, and a report"),
    "predict": (PredictOptions, "poses of a data set's queries, true poses not needed"),
    "benchmark": (BenchmarkOptions, "a benchmark by name: neumap and other methods in one table"),
    "report": (ReportOptions, "several evaluations in one table and page"),
    "compare": (CompareOptions, "two evaluations query by query, with intervals"),
    "export": (ExportOptions, "predicted poses in formats of other tools and servers"),
    "pairs": (PairsOptions, "photos that each query may match, as a pair file of hloc"),
    "info": (InfoOptions, "what a map file holds, in bytes"),
}
"""Each verb with its options and its line of help; `neumap.cli.<verb>` runs it."""
