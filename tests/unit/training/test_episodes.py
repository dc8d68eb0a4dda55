from dataclasses import replace

import numpy as np
import pytest
import torch

from neumap.training.episodes import EpisodeConfig, EpisodeSource, restricted, truth_of
from neumap.training.scene_cache import TrainingScene

QUIET = EpisodeConfig(
    maps_per_scene=2,
    stretch_share=0.0,
    codes=(30, 150),
    key_points=(160, 180),
    wrong_scene_share=0.0,
    merged_share=0.0,
    descriptor_noise=0.0,
    anchor_noise=0.0,
)


def training_scene(scene, name: str = "made") -> TrainingScene:
    depths = tuple(np.full(len(view.features), np.nan) for view in scene.views)
    return TrainingScene(name, scene, (), depths, tuple(100.0 for _ in scene.views))


@pytest.fixture
def scenes(make_scene):
    return [training_scene(make_scene(seed, num_views=8), f"made{seed}") for seed in (0, 1)]


def num_right(episode) -> int:
    pixel = torch.arange(len(episode.descriptors))[:, None].expand(-1, len(episode.anchors))
    code = torch.arange(len(episode.anchors))[None].expand_as(pixel)
    return int(episode.truth.judge(pixel, code, within_px=2.0).any(dim=1).sum())


def test_restricted_scenes_keep_what_two_of_the_views_see(make_scene):
    scene = make_scene(0)
    mapping = np.array([1, 4])
    reduced, kept = restricted(scene, mapping)
    assert [view.name for view in reduced.views] == ["view1.png", "view4.png"]
    assert (reduced.points.num_observations() == 2).all()
    np.testing.assert_array_equal(reduced.points.xyz_in_world, scene.points.xyz_in_world[kept])
    first = reduced.points.obs_pixel_idx[reduced.points.obs_view_idx == 0]
    own = reduced.points.obs_point_idx[reduced.points.obs_view_idx == 0]
    rows = reduced.views[0].features.descriptors[first]
    assert (np.einsum("nc,nc->n", rows, reduced.points.descriptors[own]) > 0.9).all()


def test_queries_take_no_part_in_the_map(scenes):
    source = EpisodeSource(scenes, QUIET, seed=0)
    for made in source.maps:
        assert len(made.query_views) >= 3
        assert set(made.query_views) < set(range(8))


def test_a_stretch_of_the_walk_leaves_out_neighbouring_views(scenes):
    config = replace(QUIET, stretch_share=1.0, maps_per_scene=6)
    for made in EpisodeSource(scenes, config, seed=0).maps:
        left_out = np.array(made.query_views)
        gaps = np.diff(np.concatenate([left_out, [left_out[0] + 8]]))  # around the closed walk
        assert np.sort(gaps)[:-1].max() == 1


def test_the_pixels_of_a_code_look_like_it(scenes):
    episode = EpisodeSource(scenes, QUIET, seed=0).draw(np.random.default_rng(3))
    cosine = episode.descriptors @ episode.code_descriptors.T
    pixel = torch.arange(len(cosine))
    best = cosine.argmax(dim=1)
    right = episode.truth.judge(pixel, best, within_px=2.0)
    assert right.sum() > 0.5 * len(episode.anchors) * 0.8
    # A pixel may also lie on another code by chance.
    assert (cosine[pixel[right], best[right]] > 0.8).float().mean() > 0.95


def test_a_query_of_another_scene_shows_no_code(scenes):
    config = replace(QUIET, wrong_scene_share=1.0)
    source = EpisodeSource(scenes, config, seed=0)
    rng = np.random.default_rng(0)
    shown = [num_right(source.draw(rng)) for _ in range(8)]
    assert 0 in shown  # both scenes have equal chances to be the other one


def test_merged_maps_hold_codes_that_no_pixel_shows(scenes):
    config = replace(QUIET, merged_share=1.0)
    source = EpisodeSource(scenes, config, seed=0)
    rng = np.random.default_rng(1)
    hidden = [int(source.draw(rng).truth.code_z.isnan().sum()) for _ in range(8)]
    assert max(hidden) >= 30


def test_equal_random_numbers_give_equal_episodes(scenes):
    source = EpisodeSource(scenes, EpisodeConfig(maps_per_scene=2, codes=(30, 150)), seed=0)
    first, second = (source.draw(np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first.descriptors, second.descriptors)
    assert torch.equal(first.anchors, second.anchors)


def test_a_code_behind_another_surface_is_not_shown(make_scene):
    view = make_scene(0).views[0]
    xyz = view.cam_from_world.inverse().apply(np.array([[0.1, 0.0, 8.0]]))
    pixel = int(np.abs(view.xy_cam - [0.1 / 8, 0.0]).sum(axis=1).argmin())
    for depth, expected in ((8.0, True), (4.0, False), (np.nan, True)):
        truth = truth_of(view, np.full(len(view.xy_cam), depth), xyz)
        judged = truth.judge(torch.tensor([pixel]), torch.tensor([0]), within_px=1e4)
        assert bool(judged) is expected


def test_a_code_behind_the_camera_is_not_shown(make_scene):
    view = make_scene(0).views[0]
    xyz = view.cam_from_world.inverse().apply(np.array([[0.0, 0.0, -8.0]]))
    truth = truth_of(view, np.full(len(view.xy_cam), np.nan), xyz)
    everything = torch.arange(len(view.xy_cam))
    assert not truth.judge(everything, torch.zeros_like(everything), within_px=1e6).any()
