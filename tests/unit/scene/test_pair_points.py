import numpy as np
import pytest

from made_scene import gap_to_truth, made_views
from neumap.errors import OptionError
from neumap.scene.pair_points import _joined, points_from_pairs
from neumap.scene.points_config import ScenePointsConfig


def quiet(stage, done, total):
    """No progress."""


def test_points_from_pairs_are_the_true_points_with_long_tracks():
    made = made_views()
    points = points_from_pairs(made.views, ScenePointsConfig(), quiet)
    gaps = gap_to_truth(points, made)
    assert 0.95 * len(made.xyz_in_world) <= len(points) <= 1.02 * len(made.xyz_in_world)
    assert np.median(gaps) < 0.005
    assert (gaps < 0.05).mean() > 0.99
    assert points.num_observations().mean() > 0.95 * 0.8 * len(made.views)


def test_views_that_the_pairs_missed_are_found_by_association():
    """A limit that half of the true matches fail leaves 4 views a track, of 6.4 that show it."""
    made = made_views()
    config = ScenePointsConfig(pairs_per_view=3, min_similarity=0.95)
    points = points_from_pairs(made.views, config, quiet)
    assert points.num_observations().mean() > 5
    assert np.median(gap_to_truth(points, made)) < 0.005


def test_what_was_matched_goes_before_what_was_found_by_association():
    own = np.array([[0, 0, 5], [0, 1, 6], [1, 0, 7]])
    found = np.array(
        [
            [0, 1, 8],  # point 0 has key-point 6 in view 1
            [1, 1, 6],  # key-point 6 of view 1 shows point 0
            [1, 2, 9],  # new
        ]
    )
    tracks = _joined(own, found)
    rows = np.stack([tracks.obs_track_idx, tracks.obs_view_idx, tracks.obs_pixel_idx], axis=1)
    assert rows.tolist() == [[0, 0, 5], [0, 1, 6], [1, 0, 7], [1, 2, 9]]


def test_a_point_has_one_observation_a_view_and_a_key_point_one_point():
    """Also where one true point became several, which then compete for key-points."""
    config = ScenePointsConfig(pairs_per_view=1, min_similarity=0.95)
    points = points_from_pairs(made_views().views, config, quiet)
    assert len(points) > 1.05 * len(made_views().xyz_in_world)
    pairs = np.stack([points.obs_point_idx, points.obs_view_idx], 1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    pixels = np.stack([points.obs_view_idx, points.obs_pixel_idx], 1)
    assert len(np.unique(pixels, axis=0)) == len(pixels)
    assert (np.diff(points.obs_point_idx) >= 0).all()


@pytest.mark.parametrize("wrong", [{"pairs_per_view": 0}, {"epipolar_px": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(OptionError, match="ScenePointsConfig"):
        ScenePointsConfig(**wrong)
