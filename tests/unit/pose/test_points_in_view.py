import numpy as np
import pytest

from neumap.geometry import Camera
from neumap.pose.points_in_view import points_in_view, seen_from_origin

CAMERA = Camera.pinhole(320, 240, fx=250.0, fy=250.0, cx=160.0, cy=120.0)


def wall(depth, count, seed=0):
    """Points of a plane across the view, beyond its edges."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform((-0.7, -0.52), (0.7, 0.52), (count, 2))
    return np.column_stack([xy * depth, np.full(count, depth)])


def test_points_behind_the_camera_or_beside_the_photo_are_not_in_view():
    points = np.array([[0, 0, 2.0], [0, 0, -2.0], [9.0, 0, 2.0]])
    view = points_in_view(points, CAMERA, num_key_points=100)
    assert view.point_idx.tolist() == [0]
    assert not view.is_crowded
    np.testing.assert_allclose(view.xy_img[0], [160, 120])


def test_few_points_are_all_kept_even_behind_a_wall():
    points = np.concatenate([0.8 * wall(5.0, 300), 0.8 * wall(20.0, 80)])
    points[:, 2] /= 0.8  # all of both walls is in the photo
    view = points_in_view(points, CAMERA, num_key_points=100)
    assert len(view.point_idx) == len(points)
    assert not view.is_crowded


def test_what_a_wall_hides_is_dropped_where_the_view_is_crowded():
    points = np.concatenate([wall(20.0, 30_000), wall(5.0, 15_000)])
    view = points_in_view(points, CAMERA, num_key_points=1000)
    assert view.is_crowded
    assert len(view.point_idx) > 9_000
    assert view.point_idx.min() >= 30_000


def test_a_hole_in_the_wall_shows_what_is_behind():
    front = wall(5.0, 15_000)
    front = front[front[:, 0] < 0]  # the left half
    back = wall(20.0, 30_000)
    view = points_in_view(np.concatenate([front, back]), CAMERA, num_key_points=1000)
    seen = view.point_idx[view.point_idx >= len(front)] - len(front)
    column, row = (back[:, :2] / 20).T
    is_in_photo = (np.abs(column) < 0.6) & (np.abs(row) < 0.45)
    assert np.isin(np.flatnonzero(is_in_photo & (column > 0.06)), seen).all()
    assert not np.isin(np.flatnonzero(column < -0.06), seen).any()


@pytest.mark.parametrize("count", [60, 600, 5000])
def test_of_two_walls_the_front_one_is_seen_whole_and_hides_the_other(count):
    front, back = wall(5.0, count), wall(8.0, count, seed=1)
    back[:, :2] *= 0.9  # the outline of few samples says less
    is_seen = seen_from_origin(np.concatenate([front, back]))
    assert is_seen[:count].all()
    assert is_seen[count:].mean() < 0.05


def test_beside_a_wall_what_is_farther_is_seen():
    front, back = wall(5.0, 400), wall(8.0, 400, seed=1)
    front = front[front[:, 0] < 0]
    is_seen = seen_from_origin(np.concatenate([front, back]))[len(front) :]
    assert is_seen[back[:, 0] > 2.5].all()
    assert is_seen[back[:, 0] < -0.5].mean() < 0.1


def test_a_curved_wall_is_seen_whole_from_inside_and_its_near_half_from_outside():
    rng = np.random.default_rng(0)
    angle, height = rng.uniform(0, 2 * np.pi, 600), rng.uniform(-1, 1, 600)
    ring = np.column_stack([2 * np.sin(angle), height, 2 * np.cos(angle)])
    assert seen_from_origin(ring).all()
    near = seen_from_origin(ring + np.array([0.0, 0.0, 6.0]))
    assert near[ring[:, 2] < -1.0].mean() > 0.95
    assert near[(ring[:, 2] > 0.5) & (np.abs(height) < 0.6)].mean() < 0.05


def test_points_that_span_no_volume_with_the_camera_hide_nothing():
    row = np.column_stack([np.linspace(-1, 1, 9), np.zeros(9), np.linspace(2, 4, 9)])
    for points in (row, row[:3], row[:0], np.zeros((5, 3)), np.full((6, 3), 2.0)):
        assert seen_from_origin(points).all()
