"""Photographs on random planes: real picture statistics with exact geometry.

The photographs are supplied by who trains; the package holds none.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError
from scipy.spatial.transform import Rotation

from neumap.errors import DataError
from neumap.rendering.light import Lamp, Lighting
from neumap.rendering.place import Place
from neumap.rendering.scene import SceneBuilder

_SUFFIXES = (".jpg", ".jpeg", ".png")
_MAX_SIDE_PX = 1100
"""Longest side of a photograph as a texture: finer detail is not seen at training size."""


def planes_of(photo_folder: Path) -> Callable[[np.random.Generator], Place]:
    """Return a builder of places whose planes carry the photographs of a folder.

    Raises DataError if the folder holds no photo; the builder raises it for an unreadable one.
    """
    paths = sorted(p for p in photo_folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataError(
            str(photo_folder), "holds no .jpg or .png photograph", "Name a folder of photographs."
        )

    def build(rng: np.random.Generator) -> Place:
        return build_planes(rng, paths)

    return build


def build_planes(rng: np.random.Generator, paths: list[Path]) -> Place:
    """Stand 5 to 11 planes with parts of photographs before a camera path along x."""
    builder = SceneBuilder(rng)
    half = float(rng.uniform(2.5, 4.0))
    ground = builder.finish(_wall_of_photos(rng, paths, 2, 3))
    corner = np.array([-half - 4, 6.0, 0.0])
    along, across = np.array([2 * half + 8, 0.0, 0.0]), np.array([0.0, -9.0, 0.0])
    builder.face(corner, along, across, finish=ground)
    num_back = int(rng.integers(2, 4))
    for number in range(num_back):
        share = (number + 0.5) / num_back * 2 - 1
        middle = np.array([share * (half + 2.5), rng.uniform(2.5, 5.0), 2.3])
        size = (2 * half + 6) / num_back * 1.4
        photos = _wall_of_photos(rng, paths, 2, int(rng.integers(1, 4)))
        _stand_plane(builder, photos, middle, (size, 4.6), tilt_deg=8.0, turn_deg=25.0)
    for _ in range(int(rng.integers(2, 8))):
        width = float(rng.uniform(1.0, 2.6))
        middle = np.array([rng.uniform(-half, half), rng.uniform(-0.8, 2.2), rng.uniform(0.8, 2.4)])
        size = (width, float(rng.uniform(0.7, 1.4)) * width)
        photo = _part(rng, _photo(rng, paths), least=0.6)
        _stand_plane(builder, photo, middle, size, tilt_deg=35.0, turn_deg=50.0)
    return Place(
        scene=builder.build(),
        kind="planes",
        day=_day(rng),
        night=_night(half),
        walk_m=(half, 0.9),
        walk_center_m=(0.0, -3.6),
        eye_height_m=(1.0, 2.2),
        heading_deg=(90.0, 90.0),
        swing_deg=28.0,
        pitch_deg=(-10.0, 6.0),
    )


def _photo(rng: np.random.Generator, paths: list[Path]) -> UInt8[np.ndarray, "h w 3"]:
    path = paths[int(rng.integers(len(paths)))]
    try:
        with Image.open(path) as file:
            picture = file.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(
            str(path), f"cannot be read as a photo ({error})", "Remove it from the folder."
        ) from error
    picture.thumbnail((_MAX_SIDE_PX, _MAX_SIDE_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _part(
    rng: np.random.Generator, image: UInt8[np.ndarray, "h w 3"], *, least: float
) -> UInt8[np.ndarray, "part_h part_w 3"]:
    """Cut a random part of at least `least` of each side; mirror half of them."""
    height, width = (int(side * rng.uniform(least, 1.0)) for side in image.shape[:2])
    top = int(rng.integers(0, image.shape[0] - height + 1))
    left = int(rng.integers(0, image.shape[1] - width + 1))
    part = image[top : top + height, left : left + width]
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def _wall_of_photos(
    rng: np.random.Generator, paths: list[Path], rows: int, columns: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Join parts of several photographs edge to edge, each of 420 x 560 texels."""
    cells = [
        np.asarray(Image.fromarray(_part(rng, _photo(rng, paths), least=0.6)).resize((560, 420)))
        for _ in range(rows * columns)
    ]
    lines = [np.concatenate(cells[i * columns : (i + 1) * columns], axis=1) for i in range(rows)]
    return np.concatenate(lines, axis=0)


def _stand_plane(
    builder: SceneBuilder,
    photo: UInt8[np.ndarray, "h w 3"],
    middle_m: np.ndarray,
    size_m: tuple[float, float],
    *,
    tilt_deg: float,
    turn_deg: float,
) -> None:
    rng = builder.rng
    finish = builder.finish(photo)
    angles = [rng.uniform(-turn_deg, turn_deg), rng.uniform(-tilt_deg, tilt_deg)]
    turn = Rotation.from_euler("ZX", angles, degrees=True).as_matrix()
    edge_u = turn @ np.array([size_m[0], 0.0, 0.0])
    edge_v = turn @ np.array([0.0, 0.0, -size_m[1]])
    builder.face(middle_m - 0.5 * (edge_u + edge_v), edge_u, edge_v, finish=finish)


def _day(rng: np.random.Generator) -> Lighting:
    towards = np.array([rng.uniform(-0.8, 0.8), -rng.uniform(0.5, 1.0), rng.uniform(0.4, 1.0)])
    x, y, z = (float(v) for v in towards / np.linalg.norm(towards))
    sun = Lamp(position_m=(x, y, z), rgb=(0.5, 0.5, 0.48), is_sun=True)
    return Lighting(lamps=(sun,), ambient_rgb=(0.62, 0.62, 0.65))


def _night(half: float) -> Lighting:
    lamp = Lamp(position_m=(0.5 * half, -2.5, 4.0), rgb=(6.0, 5.2, 3.8))
    return Lighting(lamps=(lamp,), ambient_rgb=(0.16, 0.16, 0.18), sky_rgb=(0.02, 0.02, 0.03))
