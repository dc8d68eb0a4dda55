"""A localised query as pose formats need it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from neumap.geometry import Camera, RigidTransform


@dataclass(frozen=True, eq=False)
class PosedQuery:
    """One pose of a predictions file."""

    position: int
    """Place of the query in the predictions file, from 0; failed queries count as well."""
    name: str
    cam_from_world: RigidTransform
    camera: Camera

    def with_name_parts(self, count: int) -> "PosedQuery":
        """Return the query under the last `count` parts of its name."""
        return replace(self, name="/".join(PurePosixPath(self.name).parts[-count:]))


def numbers(*values: float, separator: str = " ") -> str:
    """Write floats with the fewest digits that are read back as the same floats."""
    return separator.join(repr(float(value)) for value in values)


def numbered_cameras(queries: Sequence[PosedQuery]) -> dict[Camera, int]:
    """Return each distinct camera with a number from 1, in order of appearance."""
    cameras: dict[Camera, int] = {}
    for query in queries:
        cameras.setdefault(query.camera, len(cameras) + 1)
    return cameras
