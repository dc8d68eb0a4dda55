"""A scene of textured parallelograms, and the builder that the scene kinds share."""

from dataclasses import dataclass, replace
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
        self, rng: np.random.Generator, *, share: float, max_shift_m: float = 0.25
    ) -> "RenderScene":
        """Shift and turn a share of the movable things on the spot they stand on."""
        corner, edge_u, edge_v = self.corner.copy(), self.edge_u.copy(), self.edge_v.copy()
        for number in np.unique(self.object_number[self.object_number != FIXED]):
            if rng.random() >= share:
                continue
            own = self.object_number == number
            turn = Rotation.from_euler("z", rng.uniform(-180, 180), degrees=True).as_matrix()
            middle = (corner[own] + 0.5 * edge_u[own] + 0.5 * edge_v[own]).mean(0)
            shift = np.append(rng.uniform(-max_shift_m, max_shift_m, 2), 0.0)
            corner[own] = (corner[own] - middle) @ turn.T + middle + shift
            edge_u[own], edge_v[own] = edge_u[own] @ turn.T, edge_v[own] @ turn.T
        return replace(self, corner=corner, edge_u=edge_u, edge_v=edge_v)


@dataclass(frozen=True)
class Finish:
    """How a face is covered: one texture, stretched or cut to scale."""

    texture: int
    size_texels: tuple[int, int]
    texels_per_m: float | None = None
    """None stretches the whole texture; else a random part of true scale is shown."""


class SceneBuilder:
    """Collects textures and faces; `build` returns the scene."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._textures: list[UInt8[np.ndarray, "h w 3"]] = []
        self._faces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._regions: list[tuple[float, float, float, float]] = []
        self._texture_of_face: list[int] = []
        self._object_of_face: list[int] = []
        self._num_objects = 0

    def finish(
        self, image: UInt8[np.ndarray, "h w 3"], *, texels_per_m: float | None = None
    ) -> Finish:
        """Register a texture and say how it covers faces."""
        self._textures.append(image)
        size = (int(image.shape[0]), int(image.shape[1]))
        return Finish(len(self._textures) - 1, size, texels_per_m)

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
        self._texture_of_face.append(finish.texture)
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
            texture=np.array(self._texture_of_face, dtype=np.int64),
            region=np.array(self._regions, dtype=np.float64),
            object_number=np.array(self._object_of_face, dtype=np.int64),
            atlas=TextureAtlas.pack(self._textures),
        )


def placed(x: float, y: float, z: float = 0.0, *, yaw_deg: float = 0.0) -> RigidTransform:
    """Transform that stands a thing at (x, y, z), turned about the vertical."""
    turn = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    return RigidTransform(turn, np.array([x, y, z], dtype=np.float64))
