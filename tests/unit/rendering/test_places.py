"""Laws of every kind of place (room, corridor, facade, courtyard, photo planes)."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from neumap.errors import DataError
from neumap.geometry import Camera
from neumap.rendering.corridor import build_corridor
from neumap.rendering.courtyard import build_courtyard
from neumap.rendering.facade import build_facade
from neumap.rendering.photo_planes import planes_of
from neumap.rendering.place import Place
from neumap.rendering.prints import poster
from neumap.rendering.renderer import nearest_depth_m, render
from neumap.rendering.room import build_room
from neumap.rendering.trajectory import walk

CAMERA = Camera.pinhole(160, 120, fx=130.0, fy=130.0, cx=80.0, cy=60.0)
KINDS = ["room", "corridor", "facade", "courtyard", "planes"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Place]:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        image = poster(np.random.default_rng(number), 160, 200)
        Image.fromarray(image).save(folder / f"{number}.png")
    builders = (build_room, build_corridor, build_facade, build_courtyard, planes_of(folder))
    built = [build(np.random.default_rng(2)) for build in builders]
    return {place.kind: place for place in built}


def _corners(rgb: np.ndarray) -> int:
    """Count Harris corners: local maxima of det - 0.05 trace^2 above a fixed contrast."""
    grey = rgb.mean(2)
    dy, dx = (ndimage.sobel(grey, axis) / 8 for axis in (0, 1))
    xx, yy, xy = (ndimage.gaussian_filter(p, 1.0) for p in (dx * dx, dy * dy, dx * dy))
    score = xx * yy - xy**2 - 0.05 * (xx + yy) ** 2
    return int(((score == ndimage.maximum_filter(score, 5)) & (score > 50.0)).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_views_show_enough_corners(places, kind):
    place = places[kind]
    views = [
        render(place.scene, CAMERA, pose, place.day).rgb
        for pose in walk(place, 6, np.random.default_rng(0))
    ]
    # 160 x 120 pixels: a sixteenth of a 640 x 480 photo, where 1,000 are usual.
    assert np.median([_corners(rgb) for rgb in views]) >= 60


@pytest.mark.parametrize("kind", KINDS)
def test_night_lowers_the_mean_brightness(places, kind):
    place = places[kind]
    for pose in walk(place, 3, np.random.default_rng(1)):
        day = render(place.scene, CAMERA, pose, place.day).rgb.mean()
        night = render(place.scene, CAMERA, pose, place.night).rgb.mean()
        assert night < 0.85 * day


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_any_camera_stands_in_an_object(places, kind):
    place = places[kind]
    poses = walk(place, 40, np.random.default_rng(3))
    too_near = [nearest_depth_m(place.scene, CAMERA, pose) < 0.3 for pose in poses]
    assert np.mean(too_near) <= 0.1


@pytest.mark.parametrize("build", [build_corridor, build_facade, build_courtyard])
def test_the_seed_alone_decides_the_place(places, build):
    again, other = (build(np.random.default_rng(seed)) for seed in (2, 3))
    first = places[again.kind].scene
    np.testing.assert_array_equal(again.scene.corner, first.corner)
    np.testing.assert_array_equal(again.scene.atlas.texels, first.atlas.texels)
    assert other.scene.atlas.texels.shape != first.atlas.texels.shape


def test_a_folder_without_photos_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="holds no"):
        planes_of(tmp_path)


def test_a_file_that_is_no_photo_is_named(tmp_path: Path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.png"):
        planes_of(tmp_path)(np.random.default_rng(0))
