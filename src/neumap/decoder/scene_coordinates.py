"""What every decoder gives to the localiser, and the interface that gives it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.features import LocalFeatures

CodesT = TypeVar("CodesT", contravariant=False)


@dataclass(frozen=True, eq=False)
class SceneCoordinates:
    """World points that pixels are believed to show, best confidence first.

    A pixel may have several candidates or none. Raises ValueError if the lengths differ, the
    confidence leaves [0, 1] or rises along the rows, or a coordinate is not finite.
    """

    pixel_idx: Int[np.ndarray, " candidate"]
    """Index into the query's LocalFeatures."""
    xyz_in_world: Float[np.ndarray, "candidate 3"]
    confidence: Float32[np.ndarray, " candidate"]
    """Probability that the coordinate is right."""

    def __post_init__(self) -> None:
        """Refuse candidates that break the invariants."""
        lengths = len(self.pixel_idx), len(self.xyz_in_world), len(self.confidence)
        if len(set(lengths)) != 1:
            raise ValueError(f"fields have {lengths} rows, expected equal numbers")
        if not np.isfinite(self.xyz_in_world).all():
            raise ValueError("xyz_in_world holds NaN or infinite numbers")
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise ValueError("confidence is outside [0, 1]")
        if (np.diff(self.confidence) > 0).any():
            raise ValueError("candidates are not sorted by falling confidence")

    @classmethod
    def from_unsorted(
        cls,
        pixel_idx: Int[np.ndarray, " candidate"],
        xyz_in_world: Float[np.ndarray, "candidate 3"],
        confidence: Float32[np.ndarray, " candidate"],
    ) -> "SceneCoordinates":
        """Sort the candidates; equal confidences keep their order."""
        order = np.argsort(-confidence, kind="stable")
        return cls(pixel_idx[order], xyz_in_world[order], confidence[order])

    @classmethod
    def empty(cls) -> "SceneCoordinates":
        """Return no candidates: a photo without key-points, a map without active voxels."""
        return cls(np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros(0, np.float32))

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.pixel_idx)

    def best(self, count: int) -> "SceneCoordinates":
        """Return the `count` most confident candidates."""
        return SceneCoordinates(
            self.pixel_idx[:count], self.xyz_in_world[:count], self.confidence[:count]
        )

    def above(self, confidence: float) -> "SceneCoordinates":
        """Return the candidates of more than this confidence (0.5 in the paper)."""
        return self.best(int((self.confidence > confidence).sum()))

    def best_per_pixel(self) -> "SceneCoordinates":
        """Return the most confident candidate of each pixel."""
        first = np.sort(np.unique(self.pixel_idx, return_index=True)[1])
        return SceneCoordinates(
            self.pixel_idx[first], self.xyz_in_world[first], self.confidence[first]
        )


class AbstractSceneDecoder(ABC, Generic[CodesT]):
    """A scene-agnostic network that reads scene coordinates of pixels from a scene's codes."""

    @abstractmethod
    def predict(
        self,
        features: LocalFeatures,
        codes: CodesT,
        *,
        voxel_idx: Int[np.ndarray, " active"] | None = None,
    ) -> SceneCoordinates:
        """Decode one photo's key-points against the codes of the active voxels (default: all).

        No key-points or no active voxels give no candidates; an unknown voxel raises ValueError.
        """
