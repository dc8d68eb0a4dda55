"""`neumap extract`: the frames of a recording, as a folder that the readers read."""

from neumap.cli import exit_codes
from neumap.cli.console import progress_bars
from neumap.cli.map_options import ExtractOptions
from neumap.extraction.bag_topics import NamedTopics
from neumap.extraction.extract import extract


def run(options: ExtractOptions) -> int:
    """Write the folder and say what stands in it."""
    named = NamedTopics(
        image=options.image_topic,
        camera_info=options.camera_info_topic,
        pose=options.pose_topic,
        depth=options.depth_topic,
        posed_frame=options.posed_frame,
    )
    with progress_bars(quiet=options.quiet) as progress:
        done = extract(
            options.source,
            options.out,
            named=named,
            every=options.every,
            progress=lambda at, total: progress("frames", at, total),
        )
    for remark in done.remarks:
        print(remark)
    print(f"{done.num_photos} photos to {options.out} (layout {done.layout}).")
    return exit_codes.OK
