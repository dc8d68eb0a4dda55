from dataclasses import replace

import numpy as np
import pytest

from made_scene import made_views, truth_of
from neumap.scene.point_precision import moderated_variances, point_precision


@pytest.fixture(scope="module")
def scene():
    return truth_of(made_views(num_points=200, num_stray=0, noise_px=0.3))


def moved(scene, points, views, offset_px):
    """The scene with the key-points of some points in some views moved by random offsets."""
    rng = np.random.default_rng(1)
    out = []
    for index, view in enumerate(scene.views):
        xy = view.features.xy_img.copy()
        own = (scene.points.obs_view_idx == index) & np.isin(scene.points.obs_point_idx, points)
        if index in views:
            pixel = scene.points.obs_pixel_idx[own]
            xy[pixel] += rng.normal(0, offset_px, (len(pixel), 2))
        out.append(replace(view, features=replace(view.features, xy_img=xy)))
    return replace(scene, views=tuple(out))


def test_points_of_equal_noise_have_nearly_equal_weights(scene):
    weight = point_precision(scene)
    assert weight.shape == (len(scene.points),)
    assert np.ptp(weight) < 0.1


def test_inexact_points_weigh_little(scene):
    everyone = range(len(scene.views))
    weight = point_precision(moved(scene, np.arange(50), everyone, 3.0))
    assert weight[:50].max() < 0.2
    assert np.median(weight[50:]) == pytest.approx(0.5, abs=0.1)


def test_small_differences_count_less_than_large_ones(scene):
    everyone = range(len(scene.views))
    little, large = (
        point_precision(moved(scene, np.arange(50), everyone, offset)) for offset in (0.35, 3.0)
    )
    ratios = [np.median(weight[:50]) / np.median(weight[50:]) for weight in (little, large)]
    assert ratios[1] < 0.3 < 0.6 < ratios[0] < 1.0


def test_a_view_with_an_inexact_pose_does_not_make_its_points_inexact(scene):
    everyone = np.arange(len(scene.points))
    disturbed = moved(scene, everyone, (3,), 5.0)
    seen = np.isin(everyone, scene.points.obs_point_idx[scene.points.obs_view_idx == 3])
    weight = point_precision(disturbed)
    assert np.median(weight[seen]) > 0.8 * np.median(weight[~seen])


def test_a_point_that_is_behind_a_view_weighs_least(scene):
    points = scene.points
    xyz = points.xyz_in_world.copy()
    xyz[7] = [0.0, 0.0, -60.0]
    weight = point_precision(replace(scene, points=replace(points, xyz_in_world=xyz)))
    assert weight[7] < 1e-3
    assert weight.argmin() == 7


def test_moderated_variances_recover_the_prior_of_made_ones():
    rng = np.random.default_rng(2)
    prior, scale = 4.0, 0.3
    truth = prior * scale / rng.chisquare(prior, 20_000)
    freedom = rng.choice([1, 3, 9], len(truth))
    measured = truth * rng.chisquare(freedom) / freedom
    moderated, found = moderated_variances(measured, freedom)
    assert found == pytest.approx(prior, rel=0.1)
    expected = (prior * scale + freedom * measured) / (prior + freedom)
    assert moderated == pytest.approx(expected, rel=0.15)
    assert np.abs(np.log(moderated / truth)).mean() < np.abs(np.log(measured / truth)).mean()


def test_variances_that_differ_by_chance_alone_become_equal():
    rng = np.random.default_rng(3)
    freedom = np.full(5000, 5)
    moderated, _ = moderated_variances(rng.chisquare(freedom) / freedom, freedom)
    assert np.ptp(np.log(moderated)) < 0.3
