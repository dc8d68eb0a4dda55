"""`neumap report`: the evaluations of several scenes in one table and page."""

import json

from neumap.cli import exit_codes
from neumap.cli.console import print_table, require_writable
from neumap.cli.evaluation_options import ReportOptions
from neumap.cli.summary_table import summary_rows
from neumap.errors import OptionError
from neumap.evaluation import SceneReport, join_scenes, render_report
from neumap.evaluation.figures_file import read_figures
from neumap.evaluation.text_file import write_text_atomically


def run(options: ReportOptions) -> int:
    """Read the figures of each scene, pool them, and write the page and perhaps the figures."""
    if not options.figures:
        raise OptionError("FILE.json", "no figures file is named", "Name at least one.")
    require_writable({"--out": options.out, "--json": options.json_out})
    summaries = [read_figures(path) for path in options.figures]
    joint = join_scenes(summaries)
    scenes = [SceneReport(summary.scene, summary) for summary in summaries]
    write_text_atomically(options.out, render_report(f"{len(scenes)} scenes", scenes))
    if options.json_out is not None:
        text = json.dumps(joint.to_json(), indent=1, allow_nan=False, ensure_ascii=False)
        write_text_atomically(options.json_out, text + "\n")
    print_table(
        f"{len(scenes)} scenes, positions in unit: {joint.position_unit}",
        summary_rows(joint.pooled, is_relative=joint.is_relative),
    )
    print(f"report: {options.out}")
    return exit_codes.OK
