"""A query's photo with the evidence of its pose drawn on it, as inline JPEGs."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from PIL import Image, ImageDraw

from neumap.errors import PhotoError
from neumap.evaluation.prediction import Prediction
from neumap.geometry import Camera, RigidTransform
from neumap.images.photo import load_photo

_FINER = 2
"""Pictures are drawn at so many times their size and made small: edges become smooth."""
MAX_RESIDUAL_PX = 8.0
"""Residual at which the colour scale ends (green to red)."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SceneBox:
    """Where colours of scene coordinates begin and end along each world axis."""

    low: Float[np.ndarray, "3"]
    high: Float[np.ndarray, "3"]

    @classmethod
    def around(cls, xyz_in_world: Float[np.ndarray, "point 3"]) -> "SceneBox":
        """Leave out the outer 2 % of the points on each side; a unit box where there is none."""
        if not len(xyz_in_world):
            return cls(low=np.zeros(3), high=np.ones(3))
        low, high = np.percentile(xyz_in_world, [2, 98], axis=0)
        return cls(low=low, high=np.maximum(high, low + 1e-9))

    def colors(self, xyz_in_world: Float[np.ndarray, "point 3"]) -> list[tuple[int, int, int]]:
        """Return red, green and blue for x, y and z: a place has one colour in all pictures."""
        shares = np.clip((xyz_in_world - self.low) / (self.high - self.low), 0, 1)
        # no channel goes down to nothing: black dots would not be seen
        return [(int(r), int(g), int(b)) for r, g, b in (50 + 205 * shares).round()]


@dataclass(frozen=True)
class QueryView:
    """One picture of a query."""

    title: str
    address: str
    """`data:image/jpeg` address."""


def query_views(
    photo: Path,
    prediction: Prediction,
    *,
    camera: Camera,
    true_cam_from_world: RigidTransform,
    box: SceneBox,
    longest_px: int,
) -> tuple[QueryView, ...]:
    """Draw residuals, confidence, depth and coordinates of the inliers; none if unreadable.

    Residuals: a ring is an inlier key-point, coloured by its residual under the estimated pose; a
    line leads to the place where its predicted point lies under the true pose, so long lines are
    the error a viewer can see. Depth: that of the predicted points before the estimated camera.
    Coordinates: the predicted points in the world, coloured by `box`. A failed query has no
    inliers: its photo is shown bare. The longer side of a picture has `longest_px`.
    """
    plain = _thumbnail(photo, longest_px)
    if plain is None:
        return ()
    scale = np.array([plain.width / camera.width, plain.height / camera.height])
    pairs, xy = prediction.pairs, prediction.pairs.xy_img * scale
    if prediction.cam_from_world is None or not len(xy):
        return (QueryView("no pose", _address(plain)),)
    truth_xy = camera.img_from_cam(true_cam_from_world.apply(pairs.xyz_in_world)) * scale
    depth = prediction.cam_from_world.apply(pairs.xyz_in_world)[:, 2]
    near, far = np.percentile(depth, [2, 98])
    # dots of many colours stand out from a grey and darker photo
    dim = plain.convert("L").point([round(0.6 * value) for value in range(256)]).convert("RGB")
    residuals = _with_rings(plain, xy, truth_xy, pairs.residuals_px / MAX_RESIDUAL_PX)
    confidence = _with_dots(dim, xy, _colors("viridis", pairs.confidence))
    shares = (depth - near) / max(float(far - near), 1e-12)
    depths = _with_dots(dim, xy, _colors("turbo", shares))
    coordinates = _with_dots(dim, xy, box.colors(pairs.xyz_in_world))
    return (
        QueryView("residuals", _address(residuals)),
        QueryView("confidence", _address(confidence)),
        QueryView(f"depth, {near:.3g} to {far:.3g}", _address(depths)),
        QueryView("coordinates", _address(coordinates)),
    )


def _thumbnail(photo: Path, longest_px: int) -> Image.Image | None:
    try:
        picture = Image.fromarray(load_photo(photo))
    except PhotoError:
        return None  # an unreadable query is reported in the table, with its reason
    scale = _FINER * longest_px / max(picture.size)
    width, height = (max(1, round(scale * side)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _address(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.reduce(_FINER).save(buffer, format="JPEG", quality=74)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _colors(name: str, shares: Float[np.ndarray, " point"]) -> list[tuple[int, int, int]]:
    rgba = colormaps[name](np.clip(shares, 0, 1))
    return [(int(r), int(g), int(b)) for r, g, b in (255 * rgba[:, :3]).round()]


def _with_rings(
    plain: Image.Image,
    xy: Float[np.ndarray, "point 2"],
    truth_xy: Float[np.ndarray, "point 2"],
    shares: Float[np.ndarray, " point"],
) -> Image.Image:
    picture = plain.copy()
    draw = ImageDraw.Draw(picture)
    radius_px = max(plain.size) / 96
    # the ends of the map are too dark to be seen on a photo
    colors = _colors("RdYlGn_r", 0.08 + 0.84 * np.clip(shares, 0, 1))
    for (x, y), target, color in zip(xy, truth_xy, colors, strict=True):
        if np.isfinite(target).all() and float(np.abs(target - (x, y)).max()) < 4 * max(plain.size):
            draw.line([(x, y), (target[0], target[1])], fill=(255, 255, 255), width=2 * _FINER)
        for radius, fill in ((radius_px + _FINER, (20, 20, 20)), (radius_px, color)):
            box = [x - radius, y - radius, x + radius, y + radius]
            draw.ellipse(box, outline=fill, width=2 * _FINER)
    return picture


def _with_dots(
    dim: Image.Image,
    xy: Float[np.ndarray, "point 2"],
    colors: list[tuple[int, int, int]],
) -> Image.Image:
    picture = dim.copy()
    draw = ImageDraw.Draw(picture)
    radius = max(dim.size) / 120
    for (x, y), color in zip(xy, colors, strict=True):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)
    return picture
