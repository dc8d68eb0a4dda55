from dataclasses import replace

import numpy as np
import pytest

from made_scene import gap_to_truth, made_views, truth_of
from neumap.errors import OptionError
from neumap.scene.point_fit import PointFitConfig, depth_sigma, fit_points, mean_descriptors
from neumap.scene.tracks import Tracks

CONFIG = PointFitConfig()


def true_tracks(made):
    points = truth_of(made).points
    return Tracks(points.obs_point_idx, points.obs_view_idx, points.obs_pixel_idx)


def unknown_depths(made):
    return [np.full(len(view.xy_cam), np.nan) for view in made.views]


def fitted(made, tracks=None, *, depths=None, config=CONFIG):
    tracks = true_tracks(made) if tracks is None else tracks
    depths = unknown_depths(made) if depths is None else depths
    return fit_points(made.views, depths, tracks, config)


def num_obs(tracks_or_points):
    return len(tracks_or_points.obs_view_idx)


@pytest.mark.parametrize("with_depth", [False, True])
def test_true_tracks_give_the_true_points(with_depth):
    made = made_views()
    points = fitted(made, depths=made.depths if with_depth else None)
    assert len(points) == true_tracks(made).num_tracks
    assert gap_to_truth(points, made).max() < 0.03
    assert np.median(gap_to_truth(points, made)) < 0.005
    assert num_obs(points) == num_obs(true_tracks(made))


def test_a_wrong_observation_is_dropped_and_its_point_stays_right():
    made = made_views()
    tracks = true_tracks(made)
    wrong = np.flatnonzero(np.diff(tracks.obs_track_idx, prepend=-1) > 0)  # first of each track
    pixel_idx = tracks.obs_pixel_idx.copy()
    pixel_idx[wrong] = -1  # a stray key-point, somewhere in the photo
    points = fitted(made, replace(tracks, obs_pixel_idx=pixel_idx))
    assert num_obs(points) < num_obs(tracks) - 0.95 * len(wrong)
    assert len(points) > 0.95 * tracks.num_tracks
    assert np.median(gap_to_truth(points, made)) < 0.01


def test_observations_are_sorted_by_point_and_points_are_numbered_without_gaps():
    made = made_views()
    tracks = true_tracks(made)
    pixel_idx = tracks.obs_pixel_idx.copy()
    lost = tracks.obs_track_idx % 3 == 0
    pixel_idx[lost] = -1 - np.arange(lost.sum()) % 30
    points = fitted(made, replace(tracks, obs_pixel_idx=pixel_idx))
    assert len(points) < tracks.num_tracks
    assert (np.diff(points.obs_point_idx) >= 0).all()
    np.testing.assert_array_equal(np.unique(points.obs_point_idx), np.arange(len(points)))


def test_rays_that_are_nearly_parallel_give_no_point_without_depth():
    made = made_views(angles_deg=(0.0, 0.5))
    assert len(fitted(made)) == 0
    assert len(fitted(made, config=PointFitConfig(min_angle_deg=0.1))) > 0
    with_depth = fitted(made, depths=made.depths)
    assert len(with_depth) == (np.bincount(true_tracks(made).obs_track_idx) == 2).sum()
    assert gap_to_truth(with_depth, made).max() < 0.05


def test_points_of_fewer_views_than_asked_for_are_dropped():
    made = made_views()
    seen = np.bincount(true_tracks(made).obs_track_idx)
    points = fitted(made, config=PointFitConfig(min_views=7))
    assert len(points) == (seen >= 7).sum()


def test_no_tracks_give_no_points():
    made = made_views(num_points=5)
    empty = np.zeros(0, dtype=np.int64)
    points = fitted(made, Tracks(empty, empty, empty))
    assert len(points) == 0
    assert points.descriptors.shape == (0, 64)


def test_a_point_has_the_mean_of_its_descriptors_at_unit_length():
    made = made_views(num_points=20)
    tracks = true_tracks(made)
    means = mean_descriptors(made.views, tracks, 20)
    for track in range(20):
        own = tracks.obs_track_idx == track
        pairs = zip(tracks.obs_view_idx[own], tracks.obs_pixel_idx[own], strict=True)
        total = np.sum([made.views[v].features.descriptors[p] for v, p in pairs], axis=0)
        np.testing.assert_allclose(means[track], total / np.linalg.norm(total), atol=1e-6)


def test_depth_is_trusted_less_far_away():
    sigma = depth_sigma(np.array([0.0, 1.0, 4.0, np.nan]))
    np.testing.assert_allclose(sigma, [0.003, 0.006, 0.015, 0.003])


@pytest.mark.parametrize("wrong", [{"min_views": 0}, {"reprojection_px": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(OptionError, match="PointFitConfig"):
        PointFitConfig(**wrong)
