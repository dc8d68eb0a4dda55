"""Pictures of a scene with the exact 3D point of every pixel.

A ray finds the face; the point on it follows in float64 from the face's plane, so depth is
exact. Colours are four texture samples a pixel; only pixels where faces meet cast more rays.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from neumap.geometry import Camera, RigidTransform
from neumap.geometry.pixels import cell_centers
from neumap.rendering.light import Lighting, PhotoStyle
from neumap.rendering.scene import RenderScene
from neumap.rendering.shading import SKY, Hits, irradiance, with_mirrored_sky

_SUBPIXELS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)])


@dataclass(frozen=True, eq=False)
class RenderedView:
    """One rendered photo and its exact geometry at pixel centres."""

    rgb: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "h w"]
    """z along the optical axis in metres; 0 where the sky is seen."""
    xyz_in_world: Float[np.ndarray, "h w 3"]
    """Surface points in metres; NaN where the sky is seen."""


def render(
    scene: RenderScene,
    camera: Camera,
    cam_from_world: RigidTransform,
    lighting: Lighting,
    *,
    style: PhotoStyle | None = None,
    rng: np.random.Generator | None = None,
) -> RenderedView:
    """Render one photo; `rng` draws the sensor noise (seed 0 if None)."""
    style = style or PhotoStyle()
    rng = rng or np.random.default_rng(0)
    height, width = camera.height, camera.width
    xy_img = cell_centers(width, height, 1)
    hits = _trace(scene, camera, cam_from_world, xy_img)
    eye = cam_from_world.center_in_source
    light = irradiance(scene, hits, lighting, eye, smooth=(height, width))
    linear = np.zeros((height * width, 3), np.float32)
    edge = _is_edge(hits.face.reshape(height, width)).ravel()
    inner = np.flatnonzero(~edge)
    texture = np.zeros((len(inner), 3), np.float32)
    for shift in _SUBPIXELS:
        texture += _albedo(
            scene, camera, cam_from_world, xy_img[inner] + shift, hits.face[inner], lighting
        )
    linear[inner] = with_mirrored_sky(
        scene, hits.of(inner), lighting, eye, linear_rgb=_linear(texture / 4) * light[inner]
    )
    rim = np.flatnonzero(edge)
    for shift in _SUBPIXELS:
        own = _trace(scene, camera, cam_from_world, xy_img[rim] + shift)
        lit = irradiance(scene, own, lighting, eye, smooth=None)
        color = _albedo(scene, camera, cam_from_world, xy_img[rim] + shift, own.face, lighting)
        linear[rim] += 0.25 * with_mirrored_sky(
            scene, own, lighting, eye, linear_rgb=_linear(color) * lit
        )
    return RenderedView(
        rgb=style.develop(linear.reshape(height, width, 3), rng),
        depth=np.where(hits.face == SKY, 0.0, hits.z).reshape(height, width).astype(np.float32),
        xyz_in_world=hits.xyz.reshape(height, width, 3),
    )


def nearest_depth_m(scene: RenderScene, camera: Camera, cam_from_world: RigidTransform) -> float:
    """Depth that 2 % of a coarse grid of rays fall short of: tells a view into an object."""
    step = max(camera.width, camera.height) // 24
    hits = _trace(scene, camera, cam_from_world, cell_centers(camera.width, camera.height, step))
    return float(np.quantile(np.where(hits.face == SKY, np.inf, hits.z), 0.02, method="lower"))


def _linear(rgb: np.ndarray) -> np.ndarray:
    return np.power(rgb * np.float32(1 / 255), np.float32(2.2))


def _is_edge(face: Int[np.ndarray, "h w"]) -> np.ndarray:
    edge = np.zeros(face.shape, dtype=bool)
    across, down = face[:, 1:] != face[:, :-1], face[1:] != face[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _rays(
    camera: Camera, cam_from_world: RigidTransform, xy_img: np.ndarray
) -> Float[np.ndarray, "ray 3"]:
    """Directions in the world whose camera z is 1, so that lengths along them are depths."""
    xy = camera.cam_from_img(xy_img)
    return np.column_stack([xy, np.ones(len(xy))]) @ cam_from_world.rotation


def _trace(
    scene: RenderScene, camera: Camera, cam_from_world: RigidTransform, xy_img: np.ndarray
) -> Hits:
    rays = _rays(camera, cam_from_world, xy_img)
    origin = cam_from_world.center_in_source
    starts = np.broadcast_to(origin.astype(np.float32), rays.shape).copy()
    triangle = scene.rays.run(starts, rays.astype(np.float32))
    face = np.where(triangle < 0, SKY, triangle // 2).astype(np.int64)
    normal = scene.normal[face]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.einsum("rc,rc->r", normal, scene.corner[face] - origin) / np.einsum(
            "rc,rc->r", normal, rays
        )
    z = np.where(face == SKY, np.nan, z)
    return Hits(face, z, origin + z[:, None] * rays)


def _albedo(
    scene: RenderScene,
    camera: Camera,
    cam_from_world: RigidTransform,
    xy_img: np.ndarray,
    face: np.ndarray,
    lighting: Lighting,
) -> np.ndarray:
    """Texture colour (0-255) where pixels meet the planes of their faces.

    Pixel rays map to texture shares by one homography for each face, whose Jacobian
    determinant det(H) / w^3 is the pixel's footprint.
    """
    # Only faces that are seen: a town has far more than a photo shows.
    is_seen = np.zeros(len(scene.corner), dtype=bool)
    is_seen[face] = True
    seen, slot = np.flatnonzero(is_seen), (np.cumsum(is_seen) - 1)[face]
    homography = _uv_from_ray(scene, cam_from_world, seen)
    rays = np.column_stack([camera.cam_from_img(xy_img), np.ones(len(xy_img))])
    uvw = np.einsum("rij,rj->ri", homography[slot], rays)
    texture = scene.texture[seen]
    size = scene.atlas.height[texture, 0] * scene.atlas.width[texture, 0]
    area = np.abs(np.linalg.det(homography)) * size / (camera.fx * camera.fy)
    with np.errstate(divide="ignore", invalid="ignore"):
        uv = uvw[:, :2] / uvw[:, 2:]
        texels = np.sqrt(area[slot] / np.abs(uvw[:, 2]) ** 3) / 2
    color = scene.atlas.sample(scene.texture[face], np.nan_to_num(uv), np.nan_to_num(texels))
    is_sky = face == SKY
    sky = lighting.sky_along(rays[is_sky] @ cam_from_world.rotation)
    color[is_sky] = 255 * np.power(sky, np.float32(1 / 2.2))
    return color


def _uv_from_ray(
    scene: RenderScene, cam_from_world: RigidTransform, face: Int[np.ndarray, " seen"]
) -> Float[np.ndarray, "seen 3 3"]:
    """Homographies from camera rays (x, y, 1) to texture shares of some faces."""
    from_eye = scene.corner[face] - cam_from_world.center_in_source
    basis = np.stack([scene.edge_u[face], scene.edge_v[face], from_eye])
    share_from_world = np.linalg.inv(np.moveaxis(basis, 0, 2))
    share_from_cam = share_from_world @ cam_from_world.rotation.T
    left, top, right, bottom = scene.region[face].T
    out = np.empty_like(share_from_cam)
    out[:, 0] = (right - left)[:, None] * share_from_cam[:, 0] + left[:, None] * share_from_cam[
        :, 2
    ]
    out[:, 1] = (bottom - top)[:, None] * share_from_cam[:, 1] + top[:, None] * share_from_cam[:, 2]
    out[:, 2] = share_from_cam[:, 2]
    return out
