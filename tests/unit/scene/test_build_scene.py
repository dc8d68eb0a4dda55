from dataclasses import replace

import numpy as np
import pytest

from made_scene import made_views
from neumap.errors import MappingError
from neumap.features import LocalFeatures
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.images import load_depth, read_images
from neumap.images.posed_image import PosedImage
from neumap.scene.build_scene import build_scene, describe_view, make_views


def quiet(stage, done, total):
    """No progress."""


def images_of(made, tmp_path):
    """Image records whose features `describe_as` returns."""
    return [PosedImage(v.name, tmp_path / v.name, v.camera, v.cam_from_world) for v in made.views]


def describe_as(made):
    known = {view.name: view.features for view in made.views}
    return lambda image: known[image.name]


# Made views


def test_the_same_input_gives_the_same_scene(tmp_path):
    made = made_views(num_points=120)
    first, second = (
        build_scene(images_of(made, tmp_path), describe_as(made), units="unknown") for _ in range(2)
    )
    np.testing.assert_array_equal(first.points.xyz_in_world, second.points.xyz_in_world)
    assert first.units == "unknown"
    assert [view.name for view in first.views] == [view.name for view in made.views]


def test_progress_runs_through_all_stages_to_their_ends(tmp_path):
    made = made_views(num_points=120)
    calls = []
    build_scene(
        images_of(made, tmp_path),
        describe_as(made),
        units="unknown",
        progress=lambda *call: calls.append(call),
    )
    ends = {stage: (done, total) for stage, done, total in calls}
    assert list(ends) == ["features", "matching neighbours", "matching"]
    assert all(done == total for done, total in ends.values())


def test_too_few_common_points_are_an_error_that_says_how_many(tmp_path):
    made = made_views(num_points=30)
    with pytest.raises(MappingError, match=r"show only \d+ common points"):
        build_scene(images_of(made, tmp_path), describe_as(made), units="unknown")


def test_photos_that_have_nothing_in_common_are_an_error(tmp_path):
    made = made_views(num_points=0, num_stray=80)
    with pytest.raises(MappingError, match=r"no pair|common points"):
        build_scene(images_of(made, tmp_path), describe_as(made), units="unknown")


def test_photos_without_key_points_are_an_error(tmp_path):
    made = made_views(num_points=0, num_stray=0)
    with pytest.raises(MappingError, match=r"no pair|common points"):
        build_scene(images_of(made, tmp_path), describe_as(made), units="unknown")


def test_an_image_without_pose_is_named(tmp_path):
    made = made_views(num_points=30)
    images = images_of(made, tmp_path)
    images[3] = replace(images[3], cam_from_world=None)
    with pytest.raises(MappingError, match="view3: has no pose"):
        build_scene(images, describe_as(made), units="unknown")


def test_key_points_that_cannot_be_undistorted_are_dropped(tmp_path):
    made = made_views(num_points=30, num_stray=0)
    features = made.views[0].features
    xy_img = features.xy_img.copy()
    xy_img[4] = np.nan
    damaged = LocalFeatures(xy_img, features.descriptors, features.scores)
    (view,) = make_views(images_of(made, tmp_path)[:1], lambda image: damaged, progress=quiet)
    assert len(view.features) == len(view.xy_cam) == len(features) - 1
    np.testing.assert_array_equal(view.features.descriptors[4], features.descriptors[5])


# A rendered room


@pytest.fixture(scope="module")
def room_images(room_capture):
    capture = read_images(room_capture)
    return [image for image in capture.images if image.depth is not None and "map" in image.name]


@pytest.fixture(scope="module")
def room_describe():
    extractor = XFeatExtractor(XFeatConfig(max_key_points=800))
    known = {}

    def describe(image):
        if image.name not in known:
            known[image.name] = describe_view(image, extractor)
        return known[image.name]

    return describe


def surface_gaps(scene, images, *, min_views):
    """Share of each observation's depth by which its point misses the rendered surface."""
    points = scene.points
    enough = points.num_observations()[points.obs_point_idx] >= min_views
    gaps = []
    for index, (view, image) in enumerate(zip(scene.views, images, strict=True)):
        own = enough & (points.obs_view_idx == index)
        z = view.cam_from_world.apply(points.xyz_in_world[points.obs_point_idx[own]])[:, 2]
        column, row = view.features.xy_img[points.obs_pixel_idx[own]].astype(int).T
        gaps.append(np.abs(z - load_depth(image.depth)[row, column]) / z)
    together = np.concatenate(gaps)
    return together[np.isfinite(together)]


def test_points_of_a_room_with_depth_lie_on_its_surfaces(room_images, room_describe):
    scene = build_scene(room_images, room_describe, units="metre")
    gaps = surface_gaps(scene, room_images, min_views=3)
    assert len(scene.points) > 1500
    assert scene.points.num_observations().min() >= 3
    assert np.median(gaps) < 0.005
    assert (gaps < 0.02).mean() > 0.95


def test_points_of_a_room_without_depth_lie_on_its_surfaces(room_images, room_describe):
    """A key-point error of 1 px in 256 at an angle of 5 degrees costs 5 % of the depth."""
    images = [replace(image, depth=None) for image in room_images]
    scene = build_scene(images, room_describe, units="metre")
    assert len(scene.points) > 1500
    assert scene.points.num_observations().mean() > 3
    assert np.median(surface_gaps(scene, room_images, min_views=2)) < 0.03
    often_seen = surface_gaps(scene, room_images, min_views=4)
    assert len(often_seen) > 2500
    assert np.median(often_seen) < 0.015
    assert (often_seen < 0.1).mean() > 0.9


def test_depth_of_a_quarter_of_the_photos_is_enough(room_images, room_describe):
    some = [i if k % 4 == 0 else replace(i, depth=None) for k, i in enumerate(room_images)]
    scene = build_scene(some, room_describe, units="metre")
    gaps = surface_gaps(scene, room_images, min_views=3)
    assert np.median(gaps) < 0.01
    assert (gaps < 0.05).mean() > 0.95
