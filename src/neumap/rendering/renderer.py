"""Pictures of a scene with the exact 3D point of every pixel.

A ray finds the face; the point on it follows in float64 from the face's plane, so depth is
exact. Colours are four texture samples a pixel; only pixels where faces meet cast more rays.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy import ndimage

from neumap.geometry import Camera, RigidTransform
from neumap.geometry.pixels import cell_centers
from neumap.rendering.light import Lamp, Lighting, PhotoStyle
from neumap.rendering.scene import RenderScene

SKY = -1
"""Face number of a ray that hits nothing."""
_SUBPIXELS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)])


@dataclass(frozen=True, eq=False)
class RenderedView:
    """One rendered photo and its exact geometry at pixel centres."""

    rgb: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "h w"]
    """z along the optical axis in metres; 0 where the sky is seen."""
    xyz_in_world: Float[np.ndarray, "h w 3"]
    """Surface points in metres; NaN where the sky is seen."""


@dataclass(frozen=True, eq=False)
class _Hits:
    """What a set of rays meets."""

    face: Int[np.ndarray, " ray"]
    z: Float[np.ndarray, " ray"]
    xyz: Float[np.ndarray, "ray 3"]


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
    light = _light(scene, hits, lighting, cam_from_world, smooth=(height, width))
    linear = np.zeros((height * width, 3), np.float32)
    edge = _is_edge(hits.face.reshape(height, width)).ravel()
    inner = np.flatnonzero(~edge)
    texture = np.zeros((len(inner), 3), np.float32)
    for shift in _SUBPIXELS:
        texture += _albedo(
            scene, camera, cam_from_world, xy_img[inner] + shift, hits.face[inner], lighting
        )
    linear[inner] = _linear(texture / 4) * light[inner]
    rim = np.flatnonzero(edge)
    for shift in _SUBPIXELS:
        own = _trace(scene, camera, cam_from_world, xy_img[rim] + shift)
        lit = _light(scene, own, lighting, cam_from_world, smooth=None)
        color = _albedo(scene, camera, cam_from_world, xy_img[rim] + shift, own.face, lighting)
        linear[rim] += 0.25 * _linear(color) * lit
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
) -> _Hits:
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
    return _Hits(face, z, origin + z[:, None] * rays)


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
    homography = _uv_from_ray(scene, cam_from_world)
    rays = np.column_stack([camera.cam_from_img(xy_img), np.ones(len(xy_img))])
    uvw = np.einsum("rij,rj->ri", homography[face], rays)
    size = scene.atlas.height[scene.texture, 0] * scene.atlas.width[scene.texture, 0]
    area = np.abs(np.linalg.det(homography)) * size / (camera.fx * camera.fy)
    with np.errstate(divide="ignore", invalid="ignore"):
        uv = uvw[:, :2] / uvw[:, 2:]
        texels = np.sqrt(area[face] / np.abs(uvw[:, 2]) ** 3) / 2
    color = scene.atlas.sample(scene.texture[face], np.nan_to_num(uv), np.nan_to_num(texels))
    sky = 255 * np.power(np.asarray(lighting.sky_rgb, np.float32), np.float32(1 / 2.2))
    return np.where((face == SKY)[:, None], sky, color)


def _uv_from_ray(
    scene: RenderScene, cam_from_world: RigidTransform
) -> Float[np.ndarray, "face 3 3"]:
    """Homographies from camera rays (x, y, 1) to texture shares of every face."""
    basis = np.stack([scene.edge_u, scene.edge_v, scene.corner - cam_from_world.center_in_source])
    share_from_world = np.linalg.inv(np.moveaxis(basis, 0, 2))
    share_from_cam = share_from_world @ cam_from_world.rotation.T
    left, top, right, bottom = scene.region.T
    out = np.empty_like(share_from_cam)
    out[:, 0] = (right - left)[:, None] * share_from_cam[:, 0] + left[:, None] * share_from_cam[
        :, 2
    ]
    out[:, 1] = (bottom - top)[:, None] * share_from_cam[:, 1] + top[:, None] * share_from_cam[:, 2]
    out[:, 2] = share_from_cam[:, 2]
    return out


def _light(
    scene: RenderScene,
    hits: _Hits,
    lighting: Lighting,
    cam_from_world: RigidTransform,
    *,
    smooth: tuple[int, int] | None,
) -> np.ndarray:
    """Irradiance at the hit points: ambient plus Lambert with one shadow ray a lamp."""
    is_sky = hits.face == SKY
    xyz = np.where(is_sky[:, None], 0.0, hits.xyz)
    normal = scene.normal[hits.face]
    to_camera = cam_from_world.center_in_source - xyz
    side = np.sign(np.einsum("rc,rc->r", normal, to_camera))
    normal = normal * np.where(side == 0, 1.0, side)[:, None]
    out = np.broadcast_to(np.asarray(lighting.ambient_rgb, np.float32), xyz.shape).copy()
    for lamp in lighting.lamps:
        strength = _lambert(scene, lamp, xyz + 1e-3 * normal, normal, smooth)
        out += strength[:, None] * np.asarray(lamp.rgb, np.float32)
    out[is_sky] = 1.0
    return out


def _lambert(
    scene: RenderScene,
    lamp: Lamp,
    start: np.ndarray,
    normal: np.ndarray,
    smooth: tuple[int, int] | None,
) -> np.ndarray:
    place = np.asarray(lamp.position_m)
    ray = np.broadcast_to(place * 1e3, start.shape) if lamp.is_sun else place - start
    distance = np.linalg.norm(ray, axis=1)
    cosine = np.einsum("rc,rc->r", normal, ray) / np.maximum(distance, 1e-6)
    facing = np.flatnonzero(cosine > 0)
    reach = ray[facing].astype(np.float32)
    blocked = scene.rays.run(
        start[facing].astype(np.float32), reach, np.full(len(facing), 0.999, np.float32), "OCCLUDED"
    )
    visible = np.zeros(len(start), np.float32)
    visible[facing] = blocked < 0
    if smooth is not None:
        visible = ndimage.uniform_filter(visible.reshape(smooth), 3, mode="nearest").ravel()
    falloff = 1.0 if lamp.is_sun else 1.0 / (0.5 + distance**2)
    return (visible * np.maximum(cosine, 0) * falloff).astype(np.float32)
