"""Options of the verbs that make, shrink, show and use a map; nothing heavy is imported."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from neumap.cli.shared_options import AsJson, EngineName, LayoutName, Quiet, VerbOptions


class DemoOptions(VerbOptions):
    """Render a small room, map it, localise photos in it and write a report."""

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("demo_output")
    """Folder for the photos, the map, the predictions and report.html."""
    quiet: Quiet = False
    """No progress bars."""


class ExtractOptions(VerbOptions):
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
    quiet: Quiet = False
    """No progress bars."""


class MapOptions(VerbOptions):
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
    layout: LayoutName = None
    """Layout of the folder, if it is not to be detected."""
    preset: Annotated[str, tyro.conf.arg(metavar="NAME|FILE.toml")] = "default"
    """Settings of the mapping: default, fast, or a TOML file of your own."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Seed of everything random."""
    as_json: AsJson = False
    """Print one JSON object instead of the table."""
    quiet: Quiet = False
    """No progress bars."""


class CompressOptions(VerbOptions):
    """Make a smaller map of an existing one; its photos are not needed.

    Codes that stay keep their places spread as those of the map. The map is not changed.
    """

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    budget: Annotated[str, tyro.conf.arg(metavar="SIZE")]
    """Largest size of the smaller map, e.g. 8kB; a unit is needed."""
    out: Annotated[Path, tyro.conf.arg(metavar="SMALLER")]
    """Map file to write; replaced as a whole once the new one is complete."""
    as_json: AsJson = False
    """Print one JSON object instead of the table."""


class LocalizeOptions(VerbOptions):
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
    engine: EngineName = "auto"
    """What describes photos: auto is torch in float32 or, where the processor has it, bfloat16."""
    as_json: AsJson = False
    """Print one JSON object instead of text."""
    quiet: Quiet = False
    """No progress bars."""


class InfoOptions(VerbOptions):
    """Print what a map file holds: bytes by part, units, origin and versions."""

    map: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MAP")]
    """Map file."""
    as_json: AsJson = False
    """Print one JSON object instead of the table."""
