"""A scene of textured parallelograms, and the builder that the scene kinds share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.rendering.texture_atlas import TextureAtlas

FIXED = -1
"""Object number of faces that never move."""


@dataclass(frozen=True, eq=False)
class RenderScene:
    """Parallelograms in metres, z up, each with a region of one texture."""

    corner: Float[np.ndarray, "face 3"]
    """The corner at the texture's top left."""
    edge_u: Float[np.ndarray, "face 3"]
    """From that corner along the texture's rows."""
    edge_v: Float[np.ndarray, "face 3"]
    """From that corner down the texture's columns."""
    texture: Int[np.ndarray, " face"]
    region: Float[np.ndarray, "face 4"]
    """Left, top, right, bottom of the part of the texture shown, in shares of its size."""
    object_number: Int[np.ndarray, " face"]
    """Which movable thing a face belongs to, or `FIXED`."""
    glow: Float[np.ndarray, " face"]
    """Share of `Lighting.glow` that a face gives off."""
    gloss: Float[np.ndarray, " face"]
    """Share of the sky's light that a face mirrors where it is seen at a flat angle."""
    atlas: TextureAtlas

    @cached_property
    def normal(self) -> Float[np.ndarray, "face 3"]:
        """Unit normals (either side; faces are two-sided)."""
        cross = np.cross(self.edge_u, self.edge_v)
        return cross / np.linalg.norm(cross, axis=1, keepdims=True)

    @cached_property
    def rays(self) -> Any:  # noqa: ANN401  embreex ships no types
        """Acceleration structure (EmbreeScene); triangles 2 k and 2 k + 1 make face k."""
        # Imported here: embreex has no wheel for Linux on ARM, where all but rendering works.
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        a, b = self.corner, self.corner + self.edge_u
        c, d = b + self.edge_v, self.corner + self.edge_v
        triangles = np.stack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)], 1)
        scene = EmbreeScene()
        TriangleMesh(scene, triangles.reshape(-1, 3, 3).astype(np.float32))
        return scene

    def with_moved_objects(
        self,
        rng: np.random.Generator,
        *,
        share: float,
        max_shift_m: float = 0.25,
        removed_share: float = 0.0,
    ) -> "RenderScene":
        """Shift and turn a share of the movable things on the spot; take another share away."""
        numbers = np.unique(self.object_number[self.object_number != FIXED])
        moves: dict[int, RigidTransform | None] = {}
        for number in numbers:
            if rng.random() >= share:
                continue
            own = self.object_number == number
            turn = Rotation.from_euler("z", rng.uniform(-180, 180), degrees=True).as_matrix()
            middle = (self.corner[own] + 0.5 * self.edge_u[own] + 0.5 * self.edge_v[own]).mean(0)
            shift = np.append(rng.uniform(-max_shift_m, max_shift_m, 2), 0.0)
            moves[int(number)] = RigidTransform(turn, middle + shift - turn @ middle)
        if removed_share > 0:
            is_removed = rng.random(len(numbers)) < removed_share
            moves.update(dict.fromkeys((int(n) for n in numbers[is_removed]), None))
        return self.with_objects(moves)

    def with_objects(self, moves: Mapping[int, RigidTransform | None]) -> "RenderScene":
        """Move things by `new_world_from_world`, by number; those with None are taken away."""
        if not moves:
            return self
        corner, edge_u, edge_v = self.corner.copy(), self.edge_u.copy(), self.edge_v.copy()
        order = np.argsort(self.object_number, kind="stable")
        numbers = np.array(sorted(moves))
        first = np.searchsorted(self.object_number[order], numbers, side="left")
        last = np.searchsorted(self.object_number[order], numbers, side="right")
        is_kept = np.ones(len(corner), dtype=bool)
        for number, start, end in zip(numbers, first, last, strict=True):
            own, move = order[start:end], moves[int(number)]
            if move is None:
                is_kept[own] = False
                continue
            corner[own] = move.apply(corner[own])
            edge_u[own] = edge_u[own] @ move.rotation.T
            edge_v[own] = edge_v[own] @ move.rotation.T
        return RenderScene(
            corner=corner[is_kept],
            edge_u=edge_u[is_kept],
            edge_v=edge_v[is_kept],
            texture=self.texture[is_kept],
            region=self.region[is_kept],
            object_number=self.object_number[is_kept],
            glow=self.glow[is_kept],
            gloss=self.gloss[is_kept],
            atlas=self.atlas,
        )


@dataclass(frozen=True)
class Finish:
    """How a face is covered: one texture, stretched or cut to scale."""

    texture: int
    size_texels: tuple[int, int]
    texels_per_m: float | None = None
    """None stretches the whole texture; else a random part of true scale is shown."""
    glow: float = 0.0
    """See `RenderScene.glow`."""
    gloss: float = 0.0
    """See `RenderScene.gloss`."""


class SceneBuilder:
    """Collects textures and faces; `build` returns the scene."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._textures: list[UInt8[np.ndarray, "h w 3"]] = []
        self._faces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._regions: list[tuple[float, float, float, float]] = []
        self._finish_of_face: list[Finish] = []
        self._object_of_face: list[int] = []
        self._num_objects = 0

    def finish(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        *,
        texels_per_m: float | None = None,
        glow: float = 0.0,
        gloss: float = 0.0,
    ) -> Finish:
        """Register a texture and say how it covers faces."""
        self._textures.append(image)
        size = (int(image.shape[0]), int(image.shape[1]))
        return Finish(len(self._textures) - 1, size, texels_per_m, glow, gloss)

    def new_object(self) -> int:
        """Return the number of a new movable thing."""
        self._num_objects += 1
        return self._num_objects - 1

    def face(
        self,
        corner: Float[np.ndarray, "3"],
        edge_u: Float[np.ndarray, "3"],
        edge_v: Float[np.ndarray, "3"],
        *,
        finish: Finish,
        object_number: int = FIXED,
    ) -> None:
        """Add one parallelogram, in metres in the world frame."""
        self._faces.append((corner, edge_u, edge_v))
        self._regions.append(self._region(finish, edge_u, edge_v))
        self._finish_of_face.append(finish)
        self._object_of_face.append(object_number)

    def _region(
        self, finish: Finish, edge_u: np.ndarray, edge_v: np.ndarray
    ) -> tuple[float, float, float, float]:
        if finish.texels_per_m is None:
            return 0.0, 0.0, 1.0, 1.0
        height, width = finish.size_texels
        share_u = min(1.0, float(np.linalg.norm(edge_u)) * finish.texels_per_m / width)
        share_v = min(1.0, float(np.linalg.norm(edge_v)) * finish.texels_per_m / height)
        left, top = self.rng.uniform(0, 1 - share_u), self.rng.uniform(0, 1 - share_v)
        return left, top, left + share_u, top + share_v

    def panel(
        self,
        world_from_panel: RigidTransform,
        size_m: tuple[float, float],
        finish: Finish,
        *,
        object_number: int = FIXED,
    ) -> None:
        """Stand a rectangle (width, height) upright: x right, z up, seen from -y, on z = 0."""
        width, height = size_m
        corner = world_from_panel.apply(np.array([[-width / 2, 0.0, height]]))[0]
        edges = np.array([[width, 0.0, 0.0], [0.0, 0.0, -height]]) @ world_from_panel.rotation.T
        self.face(corner, edges[0], edges[1], finish=finish, object_number=object_number)

    def box(
        self,
        world_from_box: RigidTransform,
        size_m: tuple[float, float, float],
        finish: Finish,
        *,
        front: Finish | None = None,
        top: Finish | None = None,
        object_number: int = FIXED,
    ) -> None:
        """Add a box of (width, depth, height): base centre at the origin, front towards -y."""
        w, d, h = size_m
        sides = (
            ((-w / 2, -d / 2, h), (w, 0, 0), (0, 0, -h), front or finish),
            ((w / 2, -d / 2, h), (0, d, 0), (0, 0, -h), finish),
            ((w / 2, d / 2, h), (-w, 0, 0), (0, 0, -h), finish),
            ((-w / 2, d / 2, h), (0, -d, 0), (0, 0, -h), finish),
            ((-w / 2, d / 2, h), (w, 0, 0), (0, -d, 0), top or finish),
            ((-w / 2, -d / 2, 0), (w, 0, 0), (0, d, 0), finish),
        )
        for corner, edge_u, edge_v, cover in sides:
            start = world_from_box.apply(np.array([corner], dtype=np.float64))[0]
            edges = np.array([edge_u, edge_v], dtype=np.float64) @ world_from_box.rotation.T
            self.face(start, edges[0], edges[1], finish=cover, object_number=object_number)

    def build(self) -> RenderScene:
        """Return the scene of all faces added so far."""
        faces = np.array(self._faces, dtype=np.float64)
        return RenderScene(
            corner=faces[:, 0],
            edge_u=faces[:, 1],
            edge_v=faces[:, 2],
            texture=np.array([f.texture for f in self._finish_of_face], dtype=np.int64),
            region=np.array(self._regions, dtype=np.float64),
            object_number=np.array(self._object_of_face, dtype=np.int64),
            glow=np.array([f.glow for f in self._finish_of_face], dtype=np.float64),
            gloss=np.array([f.gloss for f in self._finish_of_face], dtype=np.float64),
            atlas=TextureAtlas.pack(self._textures),
        )


def placed(x: float, y: float, z: float = 0.0, *, yaw_deg: float = 0.0) -> RigidTransform:
    """Transform that stands a thing at (x, y, z), turned about the vertical."""
    turn = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    return RigidTransform(turn, np.array([x, y, z], dtype=np.float64))
