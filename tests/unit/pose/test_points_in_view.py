import numpy as np

from neumap.geometry import Camera
from neumap.pose.points_in_view import points_in_view

CAMERA = Camera.pinhole(320, 240, fx=250.0, fy=250.0, cx=160.0, cy=120.0)


def wall(depth, count, seed=0):
    """Points of a plane across the view, which fills the photo."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform((-0.6, -0.45), (0.6, 0.45), (count, 2))
    return np.column_stack([xy * depth, np.full(count, depth)])


def test_points_behind_the_camera_or_beside_the_photo_are_not_in_view():
    points = np.array([[0, 0, 2.0], [0, 0, -2.0], [9.0, 0, 2.0]])
    view = points_in_view(points, CAMERA, num_key_points=100)
    assert view.point_idx.tolist() == [0]
    assert not view.is_crowded
    np.testing.assert_allclose(view.xy_img[0], [160, 120])


def test_few_points_are_all_kept_even_behind_a_wall():
    points = np.concatenate([wall(5.0, 300), wall(20.0, 80)])
    view = points_in_view(points, CAMERA, num_key_points=100)
    assert len(view.point_idx) == len(points)
    assert not view.is_crowded


def test_what_a_wall_hides_is_dropped_where_the_view_is_crowded():
    points = np.concatenate([wall(20.0, 30_000), wall(5.0, 5_000)])
    view = points_in_view(points, CAMERA, num_key_points=1000)
    assert view.is_crowded
    assert view.point_idx.tolist() == list(range(30_000, 35_000))


def test_a_hole_in_the_wall_shows_what_is_behind():
    front = wall(5.0, 5_000)
    front = front[front[:, 0] < 0]  # the left half
    back = wall(20.0, 30_000)
    view = points_in_view(np.concatenate([front, back]), CAMERA, num_key_points=1000)
    seen = view.point_idx[view.point_idx >= len(front)] - len(front)
    is_right = back[:, 0] > 1.2  # a cell beyond the edge
    assert np.isin(np.flatnonzero(is_right), seen).all()
    assert not np.isin(np.flatnonzero(back[:, 0] < -1.2), seen).any()
