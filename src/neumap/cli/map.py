"""`neumap map`: a folder of posed photos to one map file."""

import time
from pathlib import Path

from neumap.cli import exit_codes
from neumap.cli.console import print_json, print_table, progress_bars, require_writable, warn
from neumap.cli.expected_errors import expected_json, expected_rows
from neumap.cli.map_options import MapOptions
from neumap.cli.mapping_record import record_path, write_record
from neumap.cli.printed_map import PrintedMap
from neumap.cli.sizes import format_size, parse_size
from neumap.images import ImageSet, Split
from neumap.images.detect import read_images
from neumap.mapping import map_scene
from neumap.recipes.presets import read_preset

_HELD_OUT = 12  # photos that tell the errors to expect, where the preset does not say


def run(options: MapOptions) -> int:
    """Map the folder, write the file, print where its bytes and the time went."""
    start = time.perf_counter()
    budget_bytes = parse_size(options.budget, option="--budget")
    config = read_preset(options.preset)
    if "num_held_out" not in config.model_fields_set:
        config = config.model_copy(update={"num_held_out": _HELD_OUT})
    require_writable({"--out": options.out, "--out's record": record_path(options.out)})
    # bare photos have no layout to read: the mapping poses them first
    has_poses = options.poses == "given"
    image_set = read_images(options.data, layout=options.layout) if has_poses else None
    names = _names_to_map(options, image_set)
    with progress_bars(quiet=options.quiet) as progress:
        scene_map = map_scene(
            options.data if image_set is None else image_set,
            split_names=names,
            config=config,
            budget_bytes=budget_bytes,
            device=options.device,
            seed=options.seed,
            poses=options.poses,
            layout=options.layout,
            progress=progress,
        )
    scene_map.save(options.out)
    seconds = time.perf_counter() - start
    write_record(
        options.out,
        seconds=seconds,
        stage_seconds=scene_map.stage_seconds,
        forecast=scene_map.forecast,
    )
    warn(scene_map.warnings)
    _print_result(options, scene_map, seconds=seconds)
    return exit_codes.OK


def _names_to_map(options: MapOptions, image_set: ImageSet | None) -> tuple[str, ...] | None:
    """Return the photos to map; None for all of them (bare photos have no queries to keep)."""
    if options.split == "all":
        return None
    given = None if options.split is None else Split.read(Path(options.split))
    if image_set is None:
        return None if given is None else given.map_names
    mapped, _ = (given or Split.of(image_set)).apply(image_set)
    return tuple(image.name for image in mapped)


def _print_result(options: MapOptions, scene_map: PrintedMap, *, seconds: float) -> None:
    num_bytes = options.out.stat().st_size
    if options.as_json:
        print_json(
            {
                "map": str(options.out),
                "map_bytes": num_bytes,
                "bytes_by_part": scene_map.bytes_by_part(),
                "units": scene_map.units,
                "expected": expected_json(scene_map.forecast, num_bytes),
                "mapping_seconds": round(seconds, 3),
                "stage_seconds": scene_map.stage_seconds,
                "warnings": list(scene_map.warnings),
            }
        )
        return
    rows = [("map file", format_size(num_bytes)), ("unit", scene_map.units)]
    rows += [(f"  {part}", format_size(size)) for part, size in scene_map.bytes_by_part().items()]
    rows += expected_rows(scene_map.forecast, num_bytes, units=scene_map.units)
    rows += [("time", f"{seconds:.1f} s")]
    for stage, stage_seconds in scene_map.stage_seconds.items():
        rows.append((f"  {stage}", f"{stage_seconds:.1f} s, {stage_seconds / seconds:.0%}"))
    print_table(str(options.out), rows)
