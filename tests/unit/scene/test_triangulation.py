import numpy as np
import pytest

from made_scene import pose_on_arc
from neumap.scene.triangulation import (
    Observations,
    largest_angle_deg,
    linear_points,
    refine_points,
    reprojection,
)

ANGLES = (-30, -10, 5, 25)


def observations(xyz, *, angles_deg=ANGLES, noise_px=0.0, with_depth=False, seed=0):
    """Every point seen by every view, sorted by point."""
    rng = np.random.default_rng(seed)
    poses = [pose_on_arc(angle) for angle in angles_deg]
    point, view = np.divmod(np.arange(len(xyz) * len(poses)), len(poses))
    rotation = np.stack([p.rotation for p in poses])[view]
    translation = np.stack([p.translation for p in poses])[view]
    in_cam = np.einsum("nij,nj->ni", rotation, xyz[point]) + translation
    xy = in_cam[:, :2] / in_cam[:, 2:] + rng.normal(0, noise_px / 500, (len(point), 2))
    depth = in_cam[:, 2].copy() if with_depth else np.full(len(point), np.nan)
    sigma = np.full(len(point), 0.03)
    focal = np.full(len(point), 500.0)
    return Observations(point, rotation, translation, xy, focal, depth, sigma)


def points(count=50, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3))


def changed(obs, **fields):
    values = {**vars(obs), **fields}
    return Observations(**values)


def test_rays_without_noise_give_the_exact_points():
    xyz = points()
    obs = observations(xyz)
    np.testing.assert_allclose(linear_points(obs, 50), xyz, atol=1e-6)
    np.testing.assert_allclose(refine_points(obs, linear_points(obs, 50)), xyz, atol=1e-8)


def test_depth_alone_places_a_point_seen_once():
    xyz = points()
    obs = observations(xyz, angles_deg=(10,), with_depth=True)
    np.testing.assert_allclose(linear_points(obs, 50), xyz, atol=1e-6)
    np.testing.assert_allclose(refine_points(obs, linear_points(obs, 50)), xyz, atol=1e-6)


def test_one_depth_among_the_views_is_used_where_rays_are_nearly_parallel():
    xyz = points()
    obs = observations(xyz, angles_deg=(0, 0.2), noise_px=0.5)
    without = refine_points(obs, linear_points(obs, 50))
    exact = observations(xyz, angles_deg=(0, 0.2), with_depth=True).depth
    depth = np.where(np.arange(len(exact)) % 2 == 0, exact, np.nan)
    obs = changed(obs, depth=depth)
    with_depth = refine_points(obs, linear_points(obs, 50))
    assert np.median(np.linalg.norm(with_depth - xyz, axis=1)) < 0.01
    assert np.median(np.linalg.norm(without - xyz, axis=1)) > 0.1


def test_refinement_is_more_accurate_than_the_linear_start():
    """Views at different distances: the linear solution weighs far rays too much."""
    xyz = points(300)
    obs = observations(xyz, noise_px=1.0)
    linear = linear_points(obs, 300)
    refined = refine_points(obs, linear)

    def cost(estimate):
        residual, _ = reprojection(obs, estimate)
        squares = (residual**2).sum(axis=1)
        return np.bincount(obs.point_idx, 1.5**2 * np.log1p(squares / 1.5**2))

    assert (cost(refined) <= cost(linear) + 1e-9).mean() > 0.98
    assert np.linalg.norm(refined - xyz, axis=1).mean() < 0.02


def test_refinement_stands_at_a_minimum_of_the_cauchy_cost():
    xyz = points(20)
    obs = observations(xyz, noise_px=0.7)
    refined = refine_points(obs, linear_points(obs, 20), iterations=30)

    def cost(estimate):
        squares = (reprojection(obs, estimate)[0] ** 2).sum(axis=1)
        return np.bincount(obs.point_idx, np.log1p(squares / 1.5**2))

    for step in 1e-3 * np.concatenate([np.eye(3), -np.eye(3)]):
        assert (cost(refined + step) >= cost(refined) - 1e-6).all()


@pytest.mark.parametrize("error_px", [20.0, 60.0])
def test_one_bad_ray_of_seven_hardly_moves_a_point(error_px):
    xyz = points()
    obs = observations(xyz, angles_deg=range(-30, 31, 10), noise_px=0.3)
    xy = obs.xy_cam.copy()
    xy[::7, 1] += error_px / 500
    obs = changed(obs, xy_cam=xy)
    linear_gap = np.linalg.norm(linear_points(obs, 50) - xyz, axis=1)
    refined_gap = np.linalg.norm(refine_points(obs, linear_points(obs, 50)) - xyz, axis=1)
    assert np.median(refined_gap) < 0.01
    assert np.median(refined_gap) < 0.3 * np.median(linear_gap)


def test_one_bad_depth_among_views_hardly_moves_a_point():
    xyz = points()
    obs = observations(xyz, noise_px=0.3, with_depth=True)
    depth = obs.depth.copy()
    depth[::4] += 2.0
    obs = changed(obs, depth=depth)
    assert np.linalg.norm(refine_points(obs, xyz + 0.01) - xyz, axis=1).max() < 0.05


def test_a_point_behind_a_view_has_an_infinite_residual():
    obs = observations(points(1), angles_deg=(0, 20))
    residual, in_cam = reprojection(obs, np.array([[0.0, 0.0, -50.0]]))
    assert (in_cam[:, 2] < 0).all()
    assert np.isinf(residual).all()


def test_points_without_observations_stay_finite():
    obs = observations(points(1))
    assert np.isfinite(linear_points(obs, 3)).all()
    start = np.ones((3, 3))
    np.testing.assert_array_equal(refine_points(obs, start)[1:], start[1:])


def test_no_observations_give_no_points():
    obs = observations(np.zeros((0, 3)))
    assert linear_points(obs, 0).shape == (0, 3)
    assert refine_points(obs, np.zeros((0, 3))).shape == (0, 3)


def test_the_angle_of_two_rays_is_the_angle_between_the_views():
    obs = observations(np.zeros((1, 3)), angles_deg=(-10, 15))
    assert largest_angle_deg(obs, np.zeros((1, 3)))[0] == pytest.approx(25, abs=1e-6)


def test_a_ray_alone_has_no_angle():
    obs = observations(points(5), angles_deg=(0,))
    np.testing.assert_allclose(largest_angle_deg(obs, points(5)), 0, atol=1e-5)


def test_selecting_keeps_every_field_of_the_chosen():
    obs = observations(points(3), with_depth=True)
    keep = np.arange(len(obs.point_idx)) % 2 == 1
    part = obs.select(keep)
    for name, values in vars(obs).items():
        np.testing.assert_array_equal(vars(part)[name], values[keep])
