"""Light on surfaces: lamps with shadows, windows that glow, and the sky in glossy faces."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy import ndimage

from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.scene import RenderScene

SKY = -1
"""Face number of a ray that hits nothing."""
_OPPOSITE = 0.45  # light of what stands below the horizon, as a share of the sky's


@dataclass(frozen=True, eq=False)
class Hits:
    """What a set of rays meets."""

    face: Int[np.ndarray, " ray"]
    """Face numbers, or `SKY`."""
    z: Float[np.ndarray, " ray"]
    """Depth in metres; NaN where the sky is seen."""
    xyz: Float[np.ndarray, "ray 3"]
    """Surface points in the world; NaN where the sky is seen."""

    def of(self, rays: Int[np.ndarray, " chosen"]) -> "Hits":
        """Return those of some rays."""
        return Hits(self.face[rays], self.z[rays], self.xyz[rays])


def irradiance(
    scene: RenderScene,
    hits: Hits,
    lighting: Lighting,
    eye_m: Float[np.ndarray, "3"],
    *,
    smooth: tuple[int, int] | None,
) -> Float32[np.ndarray, "ray 3"]:
    """Light at the hit points: ambient, Lambert with one shadow ray a lamp, and own glow.

    `smooth` is the photo's (height, width) where the rays are all of its pixels: shadows then
    have soft edges. 1 where the sky is seen.
    """
    is_sky = hits.face == SKY
    xyz = np.where(is_sky[:, None], 0.0, hits.xyz)
    normal = scene.normal[hits.face]
    to_camera = eye_m - xyz
    side = np.sign(np.einsum("rc,rc->r", normal, to_camera))
    normal = normal * np.where(side == 0, 1.0, side)[:, None]
    out = np.broadcast_to(np.asarray(lighting.ambient_rgb, np.float32), xyz.shape).copy()
    for lamp in lighting.lamps:
        strength = _lambert(scene, lamp, xyz + 1e-3 * normal, normal, smooth)
        out += strength[:, None] * np.asarray(lamp.rgb, np.float32)
    if lighting.glow > 0:
        out += (lighting.glow * scene.glow[hits.face])[:, None].astype(np.float32)
    out[is_sky] = 1.0
    return out


def with_mirrored_sky(
    scene: RenderScene,
    hits: Hits,
    lighting: Lighting,
    eye_m: Float[np.ndarray, "3"],
    *,
    linear_rgb: Float32[np.ndarray, "ray 3"],
) -> Float32[np.ndarray, "ray 3"]:
    """Mix what glossy faces mirror into the colours of the rays: most at flat angles."""
    gloss = np.where(hits.face == SKY, 0.0, scene.gloss[hits.face])
    glossy = np.flatnonzero(gloss)
    if len(glossy) == 0:
        return linear_rgb
    normal = scene.normal[hits.face[glossy]]
    ray = hits.xyz[glossy] - eye_m
    ray = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    along = np.einsum("rc,rc->r", ray, normal)
    mirrored = ray - 2 * along[:, None] * normal
    sky = lighting.sky_along(mirrored * np.where(mirrored[:, 2:] < 0, -1.0, 1.0))
    sky = sky * np.where(mirrored[:, 2:] < 0.1, _OPPOSITE, 1.0).astype(np.float32)
    share = (gloss[glossy] * (0.35 + 0.65 * (1 - np.abs(along)) ** 3)).astype(np.float32)[:, None]
    out = linear_rgb.copy()
    out[glossy] = (1 - share) * out[glossy] + share * sky
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
    facing = np.flatnonzero((cosine > 0) & (distance < lamp.reach_m))
    reach = ray[facing].astype(np.float32)
    blocked = scene.rays.run(
        start[facing].astype(np.float32), reach, np.full(len(facing), 0.999, np.float32), "OCCLUDED"
    )
    visible = np.zeros(len(start), np.float32)
    visible[facing] = blocked < 0
    if smooth is not None:
        visible = ndimage.uniform_filter(visible.reshape(smooth), 3, mode="nearest").ravel()
    falloff = 1.0 if lamp.is_sun else 1.0 / (0.5 + distance**2)
    if np.isfinite(lamp.reach_m):
        falloff = falloff * np.clip(1.0 - (distance / lamp.reach_m) ** 2, 0.0, 1.0)
    return (visible * np.maximum(cosine, 0) * falloff).astype(np.float32)
