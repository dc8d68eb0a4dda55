import numpy as np
import pytest

from made_scene import STRAY, VIEW_CAMERA, made_views, pose_on_arc, unit, view_of
from neumap.geometry import RigidTransform
from neumap.geometry.epipolar import sampson_residuals_px
from neumap.geometry.pixels import is_inside
from neumap.scene.covisibility import (
    choose_pairs,
    neighbours_by_pose,
    overlap_fractions,
    surface_samples,
)

LOOK = unit(np.ones((1, 64)))


def plain_view(cam_from_world):
    return view_of(cam_from_world, np.zeros((1, 3)), LOOK)


def views_on_arc(angles_deg):
    return tuple(plain_view(pose_on_arc(angle)) for angle in angles_deg)


def matched_rays(seed=0, count=200):
    """True correspondences of two views of random points."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(-1, 1, (count, 3))
    a_from_world, b_from_world = pose_on_arc(-12), pose_on_arc(15)
    in_a, in_b = a_from_world.apply(xyz), b_from_world.apply(xyz)
    b_from_a = b_from_world @ a_from_world.inverse()
    return b_from_a, in_a[:, :2] / in_a[:, 2:], in_b[:, :2] / in_b[:, 2:]


def test_true_correspondences_have_no_sampson_residual():
    residuals = sampson_residuals_px(*matched_rays(), focal_px=500.0)
    assert residuals.max() < 1e-9


def test_a_shift_across_the_epipolar_line_in_one_photo_costs_its_length_over_root_two():
    """Both photos share the error; with similar line norms each takes a half of its square."""
    b_from_a, rays_a, rays_b = matched_rays()
    t = b_from_a.translation
    skew = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]])
    lines = np.concatenate([rays_a, np.ones((200, 1))], 1) @ (skew @ b_from_a.rotation).T
    normals = lines[:, :2] / np.linalg.norm(lines[:, :2], axis=1, keepdims=True)
    moved = rays_b + normals * 3.0 / 500.0
    residuals = sampson_residuals_px(b_from_a, rays_a, moved, focal_px=500.0)
    np.testing.assert_allclose(residuals, 3.0 / np.sqrt(2), rtol=0.15)


def test_a_shift_along_the_epipolar_line_costs_nothing():
    b_from_a, rays_a, rays_b = matched_rays()
    t = b_from_a.translation
    skew = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]])
    lines = np.concatenate([rays_a, np.ones((200, 1))], 1) @ (skew @ b_from_a.rotation).T
    along = np.stack([-lines[:, 1], lines[:, 0]], 1)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    residuals = sampson_residuals_px(b_from_a, rays_a, rays_b + 0.02 * along, focal_px=500.0)
    assert residuals.max() < 1e-9


def test_swapping_the_views_keeps_the_residuals():
    b_from_a, rays_a, rays_b = matched_rays()
    noisy = rays_b + np.random.default_rng(1).normal(0, 0.004, rays_b.shape)
    forward = sampson_residuals_px(b_from_a, rays_a, noisy, focal_px=500.0)
    backward = sampson_residuals_px(b_from_a.inverse(), noisy, rays_a, focal_px=500.0)
    np.testing.assert_allclose(forward, backward, atol=1e-9)


def test_surface_samples_lie_at_the_given_depths_inside_the_photo():
    view = plain_view(pose_on_arc(20))
    depths = np.linspace(2, 9, 40)
    samples = surface_samples(view, depths, 3)
    in_cam = view.cam_from_world.apply(samples)
    np.testing.assert_allclose(in_cam[:, 2], depths)
    assert is_inside(VIEW_CAMERA.img_from_cam(in_cam), 640, 480).all()
    np.testing.assert_array_equal(samples, surface_samples(view, depths, 3))


def test_neighbours_on_an_arc_are_the_next_views():
    pairs = neighbours_by_pose(views_on_arc(range(-30, 31, 10)), 1)
    assert set(pairs) <= {(i, i + 1) for i in range(6)}
    assert {i for pair in pairs for i in pair} == set(range(7))


def test_views_in_the_same_places_that_look_away_are_no_neighbours():
    turn = RigidTransform(np.diag([-1.0, 1.0, -1.0]), np.zeros(3))
    poses = [pose_on_arc(angle) for angle in (0, 5, 10)]
    views = tuple(plain_view(pose) for pose in [*poses, *(turn @ pose for pose in poses)])
    pairs = neighbours_by_pose(views, 2)
    assert pairs == [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_views_or_equal_places_give_the_pairs_there_are(count):
    pairs = neighbours_by_pose(views_on_arc([0] * count), 4)
    assert pairs == [(i, j) for i in range(count) for j in range(i + 1, count)]


def test_the_number_of_pairs_is_at_most_linear_in_views():
    views = views_on_arc(np.linspace(-60, 60, 90))
    pairs = neighbours_by_pose(views, 4)
    assert len(pairs) <= 4 * 90
    assert all(i < j for i, j in pairs)
    assert pairs == sorted(set(pairs))


def test_overlap_is_the_share_of_surface_samples_inside_the_other_photo():
    views = (plain_view(pose_on_arc(0)), plain_view(pose_on_arc(0)), plain_view(pose_on_arc(180)))
    aside = RigidTransform(np.eye(3), np.array([100.0, 0, 6.0]))
    views = (*views, plain_view(aside))
    samples = [surface_samples(v, np.full(60, 6.0), i) for i, v in enumerate(views)]
    candidates = np.tile(np.arange(4), (4, 1))
    overlap = overlap_fractions(views, samples, candidates)
    assert overlap[0, 0] == 0  # not with itself
    assert overlap[0, 1] == 1
    assert overlap[0, 3] == overlap[3, 0] == 0
    np.testing.assert_allclose(overlap[0, 2], overlap[1, 2])


def test_chosen_pairs_see_the_same_surface():
    """Two walls back to back: no pair across."""
    angles = [*range(-20, 21, 5), *range(160, 201, 5)]
    views = views_on_arc(angles)
    samples = [surface_samples(v, np.full(48, 3.0), i) for i, v in enumerate(views)]
    pairs = choose_pairs(views, samples, pairs_per_view=4)
    assert len(pairs) >= 18
    assert len(pairs) <= 4 * len(views)
    assert all((i < 9) == (j < 9) for i, j in pairs)


def test_chosen_pairs_run_from_small_to_large_parallax():
    angles = list(range(0, 41, 4))
    views = views_on_arc(angles)
    samples = [surface_samples(v, np.full(48, 6.0), i) for i, v in enumerate(views)]
    pairs = choose_pairs(views, samples, pairs_per_view=3)
    gaps = [angles[j] - angles[i] for i, j in pairs if i == 0]
    assert min(gaps) <= 8
    assert max(gaps) >= 20


def test_views_without_common_surface_give_no_pairs():
    views = tuple(
        plain_view(RigidTransform(np.eye(3), np.array([50.0 * i, 0, 6.0]))) for i in range(4)
    )
    samples = [surface_samples(v, np.full(20, 6.0), i) for i, v in enumerate(views)]
    assert choose_pairs(views, samples, pairs_per_view=3) == []
    nothing = [np.zeros((0, 3))] * 4
    assert choose_pairs(views, nothing, pairs_per_view=3) == []


def test_the_maker_of_these_tests_shows_what_it_says():
    made = made_views(noise_px=0.0)
    for view, points, depth in zip(made.views, made.point_of_pixel, made.depths, strict=True):
        shown = points != STRAY
        in_cam = view.cam_from_world.apply(made.xyz_in_world[points[shown]])
        np.testing.assert_allclose(in_cam[:, :2] / in_cam[:, 2:], view.xy_cam[shown], atol=1e-9)
        np.testing.assert_allclose(in_cam[:, 2], depth[shown])
