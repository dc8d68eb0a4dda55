"""Several scenes and many foreign codes in one world, to be read without knowing which is seen.

Scenes are moved apart on a square grid, so true poses move along; nothing is turned or scaled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.anchored_mapping import near_points
from neumap.baselines.nearest import YARDSTICK_BYTES_PER_CODE, NearestReader
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.decoder.places import nearest_codes
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.features import LocalFeatures
from neumap.geometry import RigidTransform
from neumap.images import PosedImage
from neumap.pose.guided_matching import GuideTable

_PITCH = 2.0  # distance of scenes in edges of the largest one
_ANCHOR_BITS = 20  # a step is a millionth of the world, below a scene's own steps


@dataclass(frozen=True, eq=False)
class Distractors:
    """Points of other places with one descriptor each."""

    xyz_in_world: Float[np.ndarray, "code 3"]
    descriptors: Float32[np.ndarray, "code channel"]
    scene_idx: Int[np.ndarray, " code"]
    """Which place a point belongs to; each has its own frame until it is moved."""

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.xyz_in_world)


@dataclass(frozen=True, eq=False)
class WorldPlan:
    """Where each scene, and each place of the distractors, is moved to."""

    scene_shifts: tuple[Float[np.ndarray, "3"], ...]
    distractor_xyz: Float[np.ndarray, "code 3"]
    """Distractors in the merged world."""

    @classmethod
    def of(
        cls, scenes: Sequence[Float[np.ndarray, "point 3"]], distractors: Distractors
    ) -> "WorldPlan":
        """Give each scene (its points) and each distractor place a cell of a square grid."""
        places = [distractors.scene_idx == i for i in np.unique(distractors.scene_idx)]
        clouds = [*scenes, *(distractors.xyz_in_world[own] for own in places)]
        bounds = [_robust_bounds(xyz) for xyz in clouds]
        pitch = _PITCH * max(float((high - low).max()) for low, high in bounds)
        columns = int(np.ceil(np.sqrt(len(clouds))))
        shifts = [
            np.array([i % columns, i // columns, 0]) * pitch - (low + high) / 2
            for i, (low, high) in enumerate(bounds)
        ]
        moved = distractors.xyz_in_world.copy()
        for own, shift in zip(places, shifts[len(scenes) :], strict=True):
            moved[own] += shift
        return cls(tuple(shifts[: len(scenes)]), moved)


def shifted(image: PosedImage, shift: Float[np.ndarray, "3"]) -> PosedImage:
    """Move a photo with its scene."""
    assert image.cam_from_world is not None  # the sets have a pose for every frame
    world_from_merged = RigidTransform(np.eye(3), -shift)
    return replace(image, cam_from_world=image.cam_from_world @ world_from_merged)


def merge_codes(
    parts: Sequence[AnchoredCodes],
    plan: WorldPlan,
    distractors: Distractors,
    space: CodeSpace,
) -> AnchoredCodes:
    """Put all scenes' codes and the distractors in one box.

    Codes of fewer bits than the finest scene's are written with its levels, which keeps their
    direction.
    """
    code_bits = max(part.code_bits for part in parts)
    finest = space.with_levels(2**code_bits)
    levels = [finest.quantise(_values(part, space)) for part in parts]
    levels.append(finest.quantise(finest.project(distractors.descriptors)))
    xyz = [
        part.anchors_in_world + shift for part, shift in zip(parts, plan.scene_shifts, strict=True)
    ]
    return AnchoredCodes.from_points(
        np.concatenate([*xyz, plan.distractor_xyz]),
        np.concatenate(levels),
        anchor_bits=_ANCHOR_BITS,
        code_bits=code_bits,
    )


def merge_yardsticks(
    parts: Sequence[NearestReader], plan: WorldPlan, distractors: Distractors, space: CodeSpace
) -> NearestReader:
    """Join the yardstick's maps; each scene keeps its own rounding of positions."""
    own = [
        part.anchors_in_world + shift for part, shift in zip(parts, plan.scene_shifts, strict=True)
    ]
    foreign = space.unit_codes(space.quantise(space.project(distractors.descriptors)))
    anchors = np.concatenate([*own, plan.distractor_xyz])
    vectors = np.concatenate([*(part.vectors for part in parts), foreign])
    return NearestReader(anchors, vectors, len(anchors) * YARDSTICK_BYTES_PER_CODE, space)


@dataclass(frozen=True, eq=False)
class NearestInWorld:
    """The yardstick in a large map: the same answers as `NearestReader`, compared in blocks."""

    world: NearestReader

    def predict(self, features: LocalFeatures) -> SceneCoordinates:
        """Give the anchor of the mutually nearest code.

        Only codes that are some key-point's nearest can be in a mutual pair.
        """
        space = self.world.space
        assert space is not None  # the yardstick has one
        near = np.unique(nearest_codes(space.query(features.descriptors), self.world.vectors))
        anchors, vectors = self.world.anchors_in_world[near], self.world.vectors[near]
        return NearestReader(anchors, vectors, 0, space).predict(features)

    def guide(self, features: LocalFeatures) -> GuideTable | None:
        """Return all anchors and vectors."""
        return self.world.guide(features)


def _values(codes: AnchoredCodes, space: CodeSpace) -> Float32[np.ndarray, "code value"]:
    return space.with_levels(2**codes.code_bits).dequantise(codes.levels)


def _robust_bounds(
    xyz: Float[np.ndarray, "point 3"],
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    near = xyz[near_points(xyz)]
    return near.min(axis=0), near.max(axis=0)
