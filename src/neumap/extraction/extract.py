"""One entry for all recordings: which kind a path is, and a new folder that is whole or absent."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neumap.atomic_file import new_folder
from neumap.errors import DataError, OptionError
from neumap.extraction.bag_topics import NamedTopics
from neumap.extraction.ros_extraction import extract_bag
from neumap.extraction.sens_extraction import extract_sens


@dataclass(frozen=True)
class Extraction:
    """What stands in the new folder."""

    layout: str
    """Name of the layout, as `neumap.images` reads it."""
    num_photos: int
    remarks: tuple[str, ...]
    """What was taken and what was left out, one sentence each."""


def extract(
    source: Path,
    folder: Path,
    *,
    named: NamedTopics,
    every: int = 1,
    progress: Callable[[int, int], None],
) -> Extraction:
    """Write the frames of a .sens file or ROS bag to a new folder.

    `every` keeps one frame in so many. `progress` takes (done, total). Raises OptionError on
    options that do not fit, DataError on a recording that cannot be used or a folder that exists
    with files in it or cannot be written. The recording is not changed.
    """
    is_sens = source.suffix == ".sens"
    is_bag = source.suffix in (".bag", ".mcap") or (source / "metadata.yaml").is_file()
    if not (is_sens or is_bag):
        reason = "is neither a .sens file nor a ROS bag (.bag, .mcap or folder of ROS 2)"
        raise DataError(str(source), reason, "Name one of those.")
    if every < 1:
        raise OptionError("--every", f"{every} keeps no frame", "Use 1 or more.")
    if is_sens and named != NamedTopics():
        raise OptionError(str(source), "has no topics", "Leave out the options of ROS bags.")
    try:
        with new_folder(folder) as whole:
            if is_sens:
                num_frames = extract_sens(source, whole, every=every, progress=progress)
                return Extraction("scannet", num_frames, ())
            return _from_bag(source, whole, named=named, every=every, progress=progress)
    except FileExistsError as error:
        reason = "exists and is not an empty folder"
        raise DataError(str(folder), reason, "Name a new folder.") from error
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error})"
        raise DataError(str(folder), reason, "Choose a place with free space.") from error


def _from_bag(
    source: Path,
    folder: Path,
    *,
    named: NamedTopics,
    every: int,
    progress: Callable[[int, int], None],
) -> Extraction:
    done = extract_bag(source, folder, named=named, every=every, progress=progress)
    remarks = [
        f"Photos of {done.topics.image}, intrinsics of {done.topics.camera_info}, poses of "
        f"{done.topics.pose}."
    ]
    if done.num_without_pose:
        remarks.append(f"{done.num_without_pose} photos have no pose around them, left out.")
    if done.topics.depth is not None:
        remarks.append(f"{done.num_depth} depth pictures of {done.topics.depth}.")
    return Extraction("tum", done.num_photos, tuple(remarks))
