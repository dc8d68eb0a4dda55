"""`neumap demo`: the whole life of a map in a rendered room, with nothing downloaded."""

import time

from neumap.cli import exit_codes
from neumap.cli.console import print_table, progress_bars
from neumap.cli.map_options import DemoOptions
from neumap.cli.one_thread import one_thread
from neumap.cli.summary_table import summary_rows
from neumap.errors import OptionError
from neumap.evaluation import EvaluationFiles, MapFacts, Summary, evaluate_localizer
from neumap.images import Split
from neumap.images.detect import read_images
from neumap.mapping import map_scene
from neumap.rendering import demo_capture
from neumap.scene_map import Map


def run(options: DemoOptions) -> int:
    """Render, map, localise, score; everything lies under the output folder."""
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out {options.out}", f"cannot be made ({error.strerror})", "Name another folder."
        ) from error
    files = EvaluationFiles(
        predictions=options.out / "predictions.jsonl",
        figures=options.out / "figures.json",
        report=options.out / "report.html",
    )
    summary = _run_stages(options, files)
    print_table("A rendered room, 480 x 360 pixels", summary_rows(summary))
    print(f"report: {files.report}")
    print(f"map: {options.out / 'room.neumap'}")
    print(f"photos, poses and split: {options.out / 'capture'}")
    return exit_codes.FAILED if summary.num_failed == summary.num_queries else exit_codes.OK


def _run_stages(options: DemoOptions, files: EvaluationFiles) -> Summary:
    capture, map_path = options.out / "capture", options.out / "room.neumap"
    with progress_bars(quiet=options.quiet) as progress:
        progress("render the room", 0, 1)
        demo_capture(capture)
        progress("render the room", 1, 1)
        start = time.perf_counter()
        image_set = read_images(capture)
        split = Split.read(capture / "split.json")
        built = map_scene(image_set, split_names=split.map_names, progress=progress)
        built.save(map_path)
        seconds = time.perf_counter() - start
        # from the file, as a user would: what is evaluated is what was written
        scene_map = Map.load(map_path)
        with one_thread():
            return evaluate_localizer(
                *(scene_map, image_set, split),
                files=files,
                facts=MapFacts(
                    title="neumap demo: a rendered room",
                    num_bytes=map_path.stat().st_size,
                    bytes_by_part=scene_map.bytes_by_part(),
                    mapping_seconds=seconds,
                    points=scene_map.anchors_in_world,
                ),
                progress=lambda done, total: progress("localise queries", done, total),
            )
