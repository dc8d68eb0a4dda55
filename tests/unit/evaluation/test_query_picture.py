import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from neumap.evaluation.prediction import Prediction
from neumap.evaluation.query_picture import SceneBox, query_views


@pytest.fixture
def asked(capture, names, make_localizer):
    image = capture.by_name()[names[0]]
    result = make_localizer().localize(image.path, camera=image.camera)
    return image, Prediction.from_result(image.name, result)


def _views(image, prediction, *, path=None, longest_px=200):
    return query_views(
        path or image.path,
        prediction,
        camera=image.camera,
        true_cam_from_world=image.cam_from_world,
        box=SceneBox.around(prediction.pairs.xyz_in_world),
        longest_px=longest_px,
    )


def _picture(view) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(view.address.split(",")[1])))


def test_a_pose_is_shown_in_four_pictures_whose_longer_side_is_as_asked(asked):
    views = _views(*asked)
    assert [view.title.split(",")[0] for view in views] == [
        *("residuals", "confidence", "depth", "coordinates")
    ]
    assert {_picture(view).size for view in views} == {(200, 150)}


def test_a_portrait_photo_is_no_larger_than_a_landscape_one(asked, tmp_path):
    image, prediction = asked
    path = tmp_path / "portrait.png"
    Image.new("RGB", (120, 160), "white").save(path)
    assert _picture(_views(image, prediction, path=path)[0]).size == (150, 200)


def test_a_failed_query_is_its_bare_photo_and_an_unreadable_one_nothing(asked, tmp_path):
    image, _ = asked
    failed = Prediction.failed(image.name, "too few points")
    assert [view.title for view in _views(image, failed)] == ["no pose"]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    assert _views(image, failed, path=broken) == ()


def test_dots_have_the_colour_of_their_place(asked):
    image, prediction = asked
    pairs = replace(
        prediction.pairs,
        xy_img=np.array([[40.0, 60.0], [120.0, 60.0]]),
        xyz_in_world=np.array([[0.0, 0.0, 4.0], [1.0, 0.0, 4.0]]),
        residuals_px=np.zeros(2),
        confidence=np.ones(2),
    )
    shown = _picture(_views(image, replace(prediction, pairs=pairs), longest_px=960)[-1])
    low, high = shown.getpixel((240, 360)), shown.getpixel((720, 360))
    assert high[0] > low[0] + 150  # red grows with x
    assert abs(high[1] - low[1]) < 40
    assert abs(high[2] - low[2]) < 40


def test_colours_are_of_the_scene_and_outliers_do_not_stretch_them():
    points = np.random.default_rng(0).uniform(0, 1, (500, 3))
    with_outlier = SceneBox.around(np.vstack([points, [[1000.0, 0, 0]]]))
    assert with_outlier.high[0] < 1.1
    (low, high) = SceneBox.around(points).colors(np.array([[-5.0, -5, -5], [5.0, 5, 5]]))
    assert low == (50, 50, 50)
    assert high == (255, 255, 255)


@pytest.mark.parametrize("count", [0, 1])
def test_a_box_around_too_few_points_still_gives_colours(count):
    points = np.ones((count, 3))
    assert len(SceneBox.around(points).colors(np.zeros((2, 3)))) == 2
