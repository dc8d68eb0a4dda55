"""neumap: maps of a few kilobytes from posed photos, and the pose of a new photo.

photos -> images -> features -> scene -> codes -> decoder -> pose
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neumap.compression import compress_map as compress_map
    from neumap.errors import NeumapError as NeumapError
    from neumap.geometry import Camera as Camera
    from neumap.geometry import RigidTransform as RigidTransform
    from neumap.images import ImageSet as ImageSet
    from neumap.images import PosedImage as PosedImage
    from neumap.images import Split as Split
    from neumap.images import read_images as read_images
    from neumap.mapping import MappingConfig as MappingConfig
    from neumap.mapping import map_scene as map_scene
    from neumap.pose import PoseEstimate as PoseEstimate
    from neumap.pose import PoseFailure as PoseFailure
    from neumap.scene_map import Map as Map

_HOMES = {
    "NeumapError": "neumap.errors",
    "Camera": "neumap.geometry",
    "RigidTransform": "neumap.geometry",
    "ImageSet": "neumap.images",
    "PosedImage": "neumap.images",
    "Split": "neumap.images",
    "compress_map": "neumap.compression",
    "read_images": "neumap.images",
    "MappingConfig": "neumap.mapping",
    "map_scene": "neumap.mapping",
    "PoseEstimate": "neumap.pose",
    "PoseFailure": "neumap.pose",
    "Map": "neumap.scene_map",
}
__all__ = [
    "Camera",
    "ImageSet",
    "Map",
    "MappingConfig",
    "NeumapError",
    "PoseEstimate",
    "PoseFailure",
    "PosedImage",
    "RigidTransform",
    "Split",
    "compress_map",
    "map_scene",
    "read_images",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used, so that `neumap --help` needs no network code."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'neumap' has no attribute {name!r}")
    return getattr(import_module(home), name)
