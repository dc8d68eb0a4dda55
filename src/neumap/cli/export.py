"""`neumap export`: predicted poses in the formats of other tools and servers."""

from neumap.cli import exit_codes
from neumap.cli.evaluation_options import ExportOptions
from neumap.evaluation import read_predictions
from neumap.evaluation.export import export_predictions


def run(options: ExportOptions) -> int:
    """Write the poses and say how many queries have none."""
    counts = export_predictions(
        read_predictions(options.predictions),
        options.out,
        format_name=options.format,
        name_parts=options.name_parts,
    )
    print(f"{options.format}: {counts.num_written} poses written to {options.out}")
    if counts.num_failed:
        print(
            f"{counts.num_failed} of {counts.num_written + counts.num_failed} queries failed and "
            "have no pose: they are not in it, and a score must count them as misses"
        )
    return exit_codes.OK
