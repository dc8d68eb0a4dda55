from dataclasses import replace

import numpy as np
import pytest

from made_scene import STRAY, gap_to_truth, made_views
from neumap.features import LocalFeatures
from neumap.scene.association import AssociationConfig
from neumap.scene.depth_points import points_from_depth
from neumap.scene.point_fit import PointFitConfig


def built(made, depths=None, progress=lambda stage, done, total: None):
    return points_from_depth(
        made.views,
        made.depths if depths is None else depths,
        AssociationConfig(radius_px=8.0),
        fit=PointFitConfig(),
        progress=progress,
    )


def num_views_of_truth(made):
    shown = np.concatenate([p[p != STRAY] for p in made.point_of_pixel])
    return np.bincount(shown, minlength=len(made.xyz_in_world))


def test_points_of_the_first_view_that_three_see_are_found_once_at_their_places():
    """The other views show mostly known points and so add none."""
    made = made_views()
    points = built(made)
    gaps = gap_to_truth(points, made)
    first = made.point_of_pixel[0][made.point_of_pixel[0] != STRAY]
    num_true = (num_views_of_truth(made)[first] >= 3).sum()
    assert 0.98 * num_true <= len(points) <= 1.02 * num_true
    assert np.median(gaps) < 0.01
    assert (gaps < 0.05).mean() > 0.98


def test_a_view_of_mostly_new_points_adds_them():
    """The first view has only a third of its key-points."""
    made = made_views()
    view, features = made.views[0], made.views[0].features
    few = LocalFeatures(features.xy_img[:80], features.descriptors[:80], features.scores[:80])
    small = replace(view, features=few, xy_cam=view.xy_cam[:80])
    made = replace(
        made,
        views=(small, *made.views[1:]),
        depths=[made.depths[0][:80], *made.depths[1:]],
        point_of_pixel=[made.point_of_pixel[0][:80], *made.point_of_pixel[1:]],
    )
    points = built(made)
    second = np.union1d(*[p[p != STRAY] for p in made.point_of_pixel[:2]])
    num_true = (num_views_of_truth(made)[second] >= 3).sum()
    assert 0.98 * num_true <= len(points) <= 1.02 * num_true


def test_points_collect_nearly_every_view_that_shows_them():
    made = made_views()
    assert built(made).num_observations().mean() > 0.95 * num_views_of_truth(made).mean()


def test_noisy_depth_of_two_percent_is_averaged_by_the_rays():
    made = made_views()
    rng = np.random.default_rng(0)
    noisy = [depth * (1 + rng.normal(0, 0.02, depth.shape)) for depth in made.depths]
    points = built(made, noisy)
    gaps = gap_to_truth(points, made)
    assert len(points) > 0.9 * len(built(made))
    assert np.median(gaps) < 0.02  # 2 % of 6 m alone would be 0.12


def test_views_without_depth_still_observe_the_points_of_others():
    made = made_views()
    depths = [d if i % 2 == 0 else np.full(len(d), np.nan) for i, d in enumerate(made.depths)]
    points = built(made, depths)
    assert np.isin([1, 3, 5], points.obs_view_idx).all()
    assert np.median(gap_to_truth(points, made)) < 0.01


def test_stray_key_points_make_no_points():
    made = made_views(num_stray=100)
    assert np.isfinite(gap_to_truth(built(made), made)).mean() > 0.98


def test_a_point_has_one_observation_a_view_and_a_key_point_one_point():
    points = built(made_views())
    pairs = np.stack([points.obs_point_idx, points.obs_view_idx], 1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    pixels = np.stack([points.obs_view_idx, points.obs_pixel_idx], 1)
    assert len(np.unique(pixels, axis=0)) == len(pixels)


def test_with_few_views_two_are_enough_and_one_is_not():
    pair = made_views(angles_deg=(-10.0, 10.0))
    assert len(built(pair)) > 0.9 * (num_views_of_truth(pair) == 2).sum()
    assert (built(pair).num_observations() == 2).all()
    assert len(built(made_views(angles_deg=(0.0,)))) == 0


@pytest.mark.parametrize("missing", ["depth", "key-points"])
def test_views_that_show_nothing_give_no_points(missing):
    made = made_views(num_points=0, num_stray=0) if missing == "key-points" else made_views()
    depths = [np.full(len(v.xy_cam), np.nan) for v in made.views]
    assert len(built(made, depths)) == 0


def test_progress_runs_to_the_number_of_views():
    calls = []
    made = made_views(num_points=30)
    built(made, progress=lambda *call: calls.append(call))
    assert calls[0] == ("points", 0, len(made.views))
    assert calls[-1] == ("points", len(made.views), len(made.views))
