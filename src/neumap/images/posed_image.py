"""The records all readers return: a set of photos with cameras, poses and perhaps depth."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from neumap.geometry import Camera, RigidTransform

Units = Literal["metre", "unknown"]


@dataclass(frozen=True)
class DepthSource:
    """A depth picture registered to its photo: z along the optical axis."""

    path: Path
    camera: Camera
    """Intrinsics of the depth pixels (their own size)."""
    units_per_metre: float
    """Stored value of one metre: 1000 for millimetres, 5000 for TUM."""
    invalid_values: tuple[int, ...] = (0, 65535)
    """Stored values that mean "no depth"."""


@dataclass(frozen=True)
class PosedImage:
    """One photo as stored on disk, its camera and where it was taken."""

    name: str
    """Key within the set: the path relative to the data folder, with forward slashes."""
    path: Path
    camera: Camera
    """Intrinsics of the stored pixels; its size equals the photo's."""
    cam_from_world: RigidTransform | None
    """None where the pose is not known (a query without ground truth)."""
    depth: DepthSource | None = None


@dataclass(frozen=True)
class ImageSet:
    """All photos of one capture, sorted by name, with how they were read."""

    root: Path
    layout: str
    """Name of the layout found, e.g. `colmap` or `nerfstudio`."""
    convention: str
    """Frames, axes and pixel origin of the files, before conversion to ours."""
    units: Units
    images: tuple[PosedImage, ...]
    warnings: tuple[str, ...] = field(default=())
    """What the reader noticed and a user should know, one sentence each."""
    given_split: "tuple[tuple[str, ...], tuple[str, ...]] | None" = None
    """Names to map and names to query, where the layout states a split."""

    def by_name(self) -> dict[str, PosedImage]:
        """Return the images keyed by name."""
        return {image.name: image for image in self.images}
