"""`neumap compress`: a smaller map of an existing one, without its photos."""

from neumap.cli import exit_codes
from neumap.cli.console import print_json, print_table, require_writable, warn
from neumap.cli.expected_errors import expected_json, expected_rows
from neumap.cli.map_options import CompressOptions
from neumap.cli.mapping_record import recorded_forecast
from neumap.cli.sizes import format_size, parse_size
from neumap.compression import compress_map
from neumap.errors import OptionError
from neumap.scene_map import Map


def run(options: CompressOptions) -> int:
    """Read the map, write a smaller one beside it, print what stayed. The map is not changed."""
    budget_bytes = parse_size(options.budget, option="--budget")
    require_writable({"--out": options.out})
    if options.out.exists() and options.map.exists() and options.out.samefile(options.map):
        raise OptionError("--out", "is the map itself", "Name another file.")
    before = Map.load(options.map)
    after = compress_map(before, budget_bytes=budget_bytes)
    after.save(options.out)
    warn(after.warnings)
    forecast = recorded_forecast(options.map)
    num_bytes = {"before": options.map.stat().st_size, "after": options.out.stat().st_size}
    if options.as_json:
        print_json(
            {
                "map": str(options.out),
                "map_bytes": num_bytes["after"],
                "source_bytes": num_bytes["before"],
                "bytes_by_part": after.bytes_by_part(),
                "expected": expected_json(forecast, num_bytes["after"]),
                "num_codes": after.num_codes,
                "source_codes": before.num_codes,
                "warnings": list(after.warnings),
            }
        )
        return exit_codes.OK
    rows = [
        ("map file", format_size(num_bytes["after"])),
        (
            "of",
            f"{format_size(num_bytes['before'])}, {num_bytes['after'] / num_bytes['before']:.1%}",
        ),
        ("codes", f"{after.num_codes:,} of {before.num_codes:,}"),
    ]
    rows += expected_rows(forecast, num_bytes["after"], units=after.units)
    print_table(str(options.out), rows)
    return exit_codes.OK
