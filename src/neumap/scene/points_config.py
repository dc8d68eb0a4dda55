"""How the points of a scene are found, with depth and without."""

from collections.abc import Callable
from dataclasses import dataclass, field

from neumap.errors import OptionError
from neumap.scene.association import AssociationConfig
from neumap.scene.point_fit import PointFitConfig

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, items done and items in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePointsConfig:
    """How points are found; thresholds are in pixels of the stored photos."""

    pairs_per_view: int = 10
    """Views matched with each view where there is no depth; cost grows with views times this."""
    min_similarity: float = 0.6
    """Lowest cosine of two matched descriptors."""
    epipolar_px: float = 4.0
    """Largest Sampson error under the given poses, which may be 2 px off (depth-camera poses)."""
    fit: PointFitConfig = field(default_factory=PointFitConfig)
    association: AssociationConfig = field(default_factory=AssociationConfig)
    """How matched points are looked for in the views that the pairs missed."""
    depth_association: AssociationConfig = field(
        default_factory=lambda: AssociationConfig(radius_px=8.0)
    )
    """The same for points from depth, whose camera may not be exactly registered."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.pairs_per_view < 1 or self.epipolar_px <= 0:
            raise OptionError("ScenePointsConfig", f"{self} is out of range", "See its fields.")
