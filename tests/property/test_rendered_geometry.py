"""Laws of rendered geometry: depth, points, poses and pictures agree."""

import numpy as np
import pytest

from neumap.geometry import Camera
from neumap.geometry.pixels import cell_centers, nearest_pixel
from neumap.rendering.place import Place
from neumap.rendering.renderer import render
from neumap.rendering.room import build_room
from neumap.rendering.trajectory import walk

CAMERA = Camera.pinhole(120, 90, fx=100.0, fy=102.0, cx=61.0, cy=44.0)


@pytest.fixture(scope="module")
def room() -> Place:
    return build_room(np.random.default_rng(4))


@pytest.mark.parametrize("seed", [0, 1])
def test_unprojected_depth_is_the_surface_point(room, seed):
    pose = walk(room, 5, np.random.default_rng(seed))[2]
    view = render(room.scene, CAMERA, pose, room.day)
    xy = CAMERA.cam_from_img(cell_centers(CAMERA.width, CAMERA.height, 1))
    z = view.depth.reshape(-1, 1).astype(np.float64)
    xyz = pose.inverse().apply(np.column_stack([xy, np.ones(len(xy))]) * z)
    # float32 depth of up to 8 m is good to 1e-6 m; the ray's slope adds little.
    np.testing.assert_allclose(xyz, view.xyz_in_world.reshape(-1, 3), atol=1e-5)


def test_surface_points_project_to_their_pixel_centres(room):
    pose = walk(room, 5, np.random.default_rng(2))[0]
    view = render(room.scene, CAMERA, pose, room.day)
    xy = CAMERA.img_from_cam(pose.apply(view.xyz_in_world.reshape(-1, 3)))
    np.testing.assert_allclose(xy, cell_centers(CAMERA.width, CAMERA.height, 1), atol=1e-6)


def test_a_point_seen_in_two_views_is_the_same_surface_point(room):
    poses = walk(room, 24, np.random.default_rng(3))[:2]
    first, second = (render(room.scene, CAMERA, pose, room.day) for pose in poses)
    xyz = first.xyz_in_world.reshape(-1, 3)
    in_second = poses[1].apply(xyz)
    xy = CAMERA.img_from_cam(in_second)
    with np.errstate(invalid="ignore"):
        inside = ((xy >= 0) & (xy < (CAMERA.width, CAMERA.height))).all(1)
    row, column = nearest_pixel(xy[inside])
    seen = second.xyz_in_world[row, column]
    gap = np.linalg.norm(seen - xyz[inside], axis=1)
    # Half a pixel at this depth on an oblique surface; what is hidden in the second differs.
    near = gap < 6 * in_second[inside, 2] / CAMERA.fx
    assert inside.mean() > 0.4
    assert near.mean() > 0.85


def test_the_same_surface_point_has_about_the_same_color_in_two_views(room):
    poses = walk(room, 60, np.random.default_rng(3))[:2]
    first, second = (render(room.scene, CAMERA, pose, room.day) for pose in poses)
    xyz = first.xyz_in_world.reshape(-1, 3)
    xy = CAMERA.img_from_cam(poses[1].apply(xyz))
    with np.errstate(invalid="ignore"):
        inside = ((xy >= 0) & (xy < (CAMERA.width, CAMERA.height))).all(1)
    row, column = nearest_pixel(xy[inside])
    same = np.linalg.norm(second.xyz_in_world[row, column] - xyz[inside], axis=1) < 0.03
    colors = [first.rgb.reshape(-1, 3)[inside][same], second.rgb[row, column][same]]
    assert same.sum() > 500
    assert np.corrcoef(colors[0].ravel(), colors[1].ravel())[0, 1] > 0.8
