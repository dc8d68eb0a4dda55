"""`neumap evaluate`: a map's queries localised and scored against their true poses."""

from pathlib import Path

from neumap.cli import exit_codes
from neumap.cli.console import print_table, progress_bars, require_writable, warn
from neumap.cli.evaluation_options import EvaluateOptions
from neumap.cli.mapping_record import recorded_seconds
from neumap.cli.one_thread import one_thread
from neumap.cli.printed_map import PrintedMap
from neumap.cli.summary_table import summary_rows
from neumap.evaluation import EvaluationFiles, MapFacts, evaluate_localizer
from neumap.images import ImageSet, Split
from neumap.images.detect import read_images
from neumap.scene_map import Map


def run(options: EvaluateOptions) -> int:
    """Write predictions, figures and perhaps a report; print the figures."""
    files = EvaluationFiles(
        predictions=options.predictions or options.json_out.with_suffix(".predictions.jsonl"),
        figures=options.json_out,
        report=options.report,
    )
    require_writable(
        {"--json": files.figures, "--report": files.report, "--predictions": files.predictions}
    )
    scene_map = Map.load(options.map, engine=options.engine)
    image_set = read_images(options.data, layout=options.layout)
    split = Split.read_or_of(options.split, image_set)
    warnings = _warnings(options, scene_map, image_set)
    warn(warnings)
    facts = MapFacts(
        title=f"{options.map.name} on {options.data.resolve().name}",
        num_bytes=options.map.stat().st_size,
        bytes_by_part=scene_map.bytes_by_part(),
        mapping_seconds=recorded_seconds(options.map),
        points=scene_map.anchors_in_world,
        warnings=warnings,
    )
    with progress_bars(quiet=options.quiet) as progress, one_thread():
        summary = evaluate_localizer(
            *(scene_map, image_set, split),
            files=files,
            facts=facts,
            progress=lambda done, total: progress("queries", done, total),
        )
    print_table(facts.title, summary_rows(summary))
    _print_files(files)
    return exit_codes.FAILED if summary.num_failed == summary.num_queries else exit_codes.OK


def _warnings(
    options: EvaluateOptions, scene_map: PrintedMap, image_set: ImageSet
) -> tuple[str, ...]:
    warnings = list(image_set.warnings)
    if options.split is None:
        chosen = "the layout's own queries are" if image_set.given_split else "every 5th photo is"
        warnings.append(
            f"No --split was given: {chosen} used. If the map was made of these photos as well, "
            "the errors below are too good; give the split that it was made with."
        )
    if scene_map.units != image_set.units:
        warnings.append(
            f"The map's unit is {scene_map.units} and the data set's is {image_set.units}: if "
            "their frames differ, the errors below mean nothing."
        )
    return tuple(warnings)


def _print_files(files: EvaluationFiles) -> None:
    named: dict[str, Path | None] = {
        "figures": files.figures,
        "predictions": files.predictions,
        "report": files.report,
    }
    for label, path in named.items():
        if path is not None:
            print(f"{label}: {path}")
