"""A query's photo with the evidence of its pose drawn on it, as an inline JPEG."""

import base64
import io
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from PIL import Image, ImageDraw

from neumap.errors import PhotoError
from neumap.evaluation.prediction import Prediction
from neumap.geometry import Camera, RigidTransform
from neumap.images.photo import load_photo

WIDTH_PX = 640
MAX_RESIDUAL_PX = 8.0
"""Residual at which the colour scale ends (green to red)."""


def query_picture(
    photo: Path, prediction: Prediction, *, camera: Camera, true_cam_from_world: RigidTransform
) -> str:
    """Draw on the photo and return a `data:image/jpeg` address; empty where it is unreadable.

    A ring is an inlier key-point, coloured by its residual under the estimated pose. A line leads
    from it to the place where its predicted point lies under the true pose: long lines are the
    error a viewer can see.
    """
    picture = _thumbnail(photo)
    if picture is None:
        return ""
    scale = np.array([picture.width / camera.width, picture.height / camera.height])
    truth_xy = camera.img_from_cam(true_cam_from_world.apply(prediction.pairs.xyz_in_world)) * scale
    draw = ImageDraw.Draw(picture)
    for xy, target, color in zip(
        prediction.pairs.xy_img * scale,
        truth_xy,
        _residual_colors(prediction.pairs.residuals_px),
        strict=True,
    ):
        _draw_pair(draw, xy, target, color)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _thumbnail(photo: Path) -> Image.Image | None:
    try:
        picture = Image.fromarray(load_photo(photo))
    except PhotoError:
        return None  # an unreadable query is reported in the table, with its reason
    height = max(1, round(picture.height * WIDTH_PX / picture.width))
    return picture.resize((WIDTH_PX, height), Image.Resampling.LANCZOS)


def _residual_colors(residuals_px: Float[np.ndarray, " pair"]) -> list[tuple[int, int, int]]:
    shares = np.clip(residuals_px / MAX_RESIDUAL_PX, 0, 1)
    rgba = colormaps["RdYlGn_r"](0.08 + 0.84 * shares)
    return [(int(r), int(g), int(b)) for r, g, b in (255 * rgba[:, :3]).round()]


def _draw_pair(
    draw: ImageDraw.ImageDraw,
    xy: Float[np.ndarray, " 2"],
    target: Float[np.ndarray, " 2"],
    color: tuple[int, int, int],
) -> None:
    x, y = float(xy[0]), float(xy[1])
    if np.isfinite(target).all() and float(np.abs(target - xy).max()) < 4 * WIDTH_PX:
        draw.line([(x, y), (float(target[0]), float(target[1]))], fill=(255, 255, 255), width=2)
    for radius, fill in ((7.5, (20, 20, 20)), (6.0, color)):
        box = [x - radius, y - radius, x + radius, y + radius]
        draw.ellipse(box, outline=fill, width=3)
