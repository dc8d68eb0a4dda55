from dataclasses import replace

import numpy as np
import pytest

from made_scene import made_views, truth_of, unit
from neumap.decoder.weights import load_anchored_decoder
from neumap.training.match_rate import held_out_match_rate

DECODER = load_anchored_decoder()[0]


@pytest.fixture(scope="module")
def scene():
    return truth_of(made_views(num_points=120, num_stray=0))


def with_descriptors(scene, change):
    """The scene with other descriptors of the observations of some points."""
    points, views = scene.points, []
    for index, view in enumerate(scene.views):
        descriptors = view.features.descriptors.copy()
        own = points.obs_view_idx == index
        pixel = points.obs_pixel_idx[own]
        descriptors[pixel] = change(points.obs_point_idx[own], descriptors[pixel])
        views.append(replace(view, features=replace(view.features, descriptors=descriptors)))
    return replace(scene, views=tuple(views))


def test_fewer_rivals_leave_more_right_matches(scene):
    everyone = np.arange(len(scene.points))
    rate = held_out_match_rate(scene, everyone, DECODER)
    assert rate.shape == (len(scene.points),)
    assert ((rate > 0) & (rate <= 1)).all()
    alone = held_out_match_rate(scene, everyone[:10], DECODER)
    assert alone.mean() > rate[:10].mean()


def test_a_point_that_looks_different_in_each_view_is_found_seldom(scene):
    rng = np.random.default_rng(0)

    def changed(point, descriptors):
        other = unit(rng.normal(size=descriptors.shape)).astype(np.float32)
        return np.where((point < 20)[:, None], other, descriptors)

    rate = held_out_match_rate(
        with_descriptors(scene, changed), np.arange(len(scene.points)), DECODER
    )
    assert rate[:20].mean() < 0.5 * rate[20:].mean()


def test_twins_take_each_others_matches(scene):
    point_of_twin = np.arange(0, 20)

    def changed(point, descriptors):
        out = descriptors.copy()
        for twin in point_of_twin:
            first = scene.points.descriptors[twin]
            out[point == twin + 20] = first
            out[point == twin] = first
        return out

    twins = with_descriptors(scene, changed)
    mean = scene.points.descriptors.copy()
    mean[20:40] = mean[:20]
    twins = replace(twins, points=replace(scene.points, descriptors=mean))
    rate = held_out_match_rate(twins, np.arange(len(scene.points)), DECODER)
    assert rate[:40].mean() < 0.8 * rate[40:].mean()


def test_points_that_nothing_is_known_of_have_the_mean_rate(scene):
    points = scene.points
    seen_once = np.unique(points.obs_point_idx, return_index=True)[1][:30]
    kept = np.isin(np.arange(len(points.obs_point_idx)), seen_once) | (points.obs_point_idx >= 30)
    fewer = replace(
        points,
        obs_point_idx=points.obs_point_idx[kept],
        obs_view_idx=points.obs_view_idx[kept],
        obs_pixel_idx=points.obs_pixel_idx[kept],
    )
    rate = held_out_match_rate(replace(scene, points=fewer), np.arange(len(points)), DECODER)
    assert np.ptp(rate[:30]) == 0.0
    assert rate[30:].min() <= rate[0] <= rate[30:].max()


def test_rates_of_candidates_come_in_their_order(scene):
    order = np.random.default_rng(0).permutation(len(scene.points))
    rate = held_out_match_rate(scene, np.arange(len(scene.points)), DECODER)
    np.testing.assert_allclose(held_out_match_rate(scene, order, DECODER), rate[order])
