"""Rendering of a scene small enough to know every answer."""

import numpy as np
import pytest

from neumap.geometry import Camera, RigidTransform
from neumap.rendering.light import Lamp, Lighting, PhotoStyle
from neumap.rendering.renderer import nearest_depth_m, render
from neumap.rendering.scene import RenderScene, SceneBuilder, placed
from neumap.rendering.trajectory import view_along

CAMERA = Camera.pinhole(64, 48, fx=60.0, fy=60.0, cx=32.0, cy=24.0)
PLAIN = PhotoStyle(noise_sigma=0.0, blur_px=0.0, vignette=0.0)
AMBIENT = Lighting(lamps=(), ambient_rgb=(1.0, 1.0, 1.0))


def _eye(y: float = -3.0) -> RigidTransform:
    """A level camera at height 1 that looks along +y."""
    return view_along(np.array([0.0, y, 1.0]), heading_deg=90.0, pitch_deg=0.0, roll_deg=0.0)


def _panel_scene(size_m: tuple[float, float] = (20.0, 20.0)) -> RenderScene:
    """A panel at y = 0 whose left half is red and right half is green."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :32, 0] = 200
    image[:, 32:, 1] = 200
    builder = SceneBuilder(np.random.default_rng(0))
    builder.panel(placed(0.0, 0.0, 1.0 - size_m[1] / 2), size_m, builder.finish(image))
    return builder.build()


def test_depth_of_a_facing_panel_is_its_distance():
    view = render(_panel_scene(), CAMERA, _eye(), AMBIENT, style=PLAIN)
    np.testing.assert_allclose(view.depth, 3.0, atol=1e-6)


def test_texture_stands_upright_and_unmirrored():
    view = render(_panel_scene(), CAMERA, _eye(), AMBIENT, style=PLAIN)
    assert (view.rgb[:, :28, 0] == 200).all()
    assert (view.rgb[:, 36:, 1] == 200).all()


def test_sky_has_no_depth_and_no_point():
    lighting = Lighting(lamps=(), sky_rgb=(0.0, 0.0, 1.0))
    view = render(_panel_scene((0.5, 0.5)), CAMERA, _eye(), lighting, style=PLAIN)
    assert view.depth[0, 0] == 0
    assert np.isnan(view.xyz_in_world[0, 0]).all()
    np.testing.assert_array_equal(view.rgb[0, 0, :2], [0, 0])
    assert view.depth[24, 32] == pytest.approx(3.0)


def test_a_thing_between_lamp_and_wall_casts_a_shadow():
    builder = SceneBuilder(np.random.default_rng(0))
    white = builder.finish(np.full((4, 4, 3), 255, np.uint8))
    builder.panel(placed(0.0, 0.0, -9.0), (20.0, 20.0), white)
    builder.panel(placed(2.0, -1.0, 0.5), (1.0, 1.0), white)
    lamp = Lamp(position_m=(2.0, -2.0, 1.0), rgb=(1.0, 1.0, 1.0))
    lighting = Lighting(lamps=(lamp,), ambient_rgb=(0.1, 0.1, 0.1))
    view = render(builder.build(), CAMERA, _eye(-6.0), lighting, style=PLAIN)
    x, y = view.xyz_in_world[..., 0], view.xyz_in_world[..., 1]
    on_wall = (np.abs(y) < 1e-6) & (np.abs(view.xyz_in_world[..., 2] - 1.0) < 0.3)
    # The shadow of the panel (1.5 to 2.5 m at half way) spans 1 to 3 m on the wall.
    shadow = view.rgb[on_wall & (x > 1.2) & (x < 1.7)]
    lit = view.rgb[on_wall & (x < 0.7) & (x > 0.0)]
    assert shadow.max() < lit.min()


def test_noise_comes_from_the_generator_alone():
    views = [
        render(_panel_scene(), CAMERA, _eye(), AMBIENT, rng=np.random.default_rng(seed)).rgb
        for seed in (5, 5, 6)
    ]
    np.testing.assert_array_equal(views[0], views[1])
    assert (views[0] != views[2]).any()


def test_a_camera_before_a_wall_is_told():
    assert nearest_depth_m(_panel_scene(), CAMERA, _eye(-0.2)) == pytest.approx(0.2)


def test_moved_things_keep_their_shape_and_fixed_ones_their_place():
    builder = SceneBuilder(np.random.default_rng(0))
    white = builder.finish(np.full((4, 4, 3), 255, np.uint8))
    builder.box(placed(0.0, 0.0), (1.0, 1.0, 1.0), white)
    builder.box(placed(3.0, 0.0), (1.0, 2.0, 0.5), white, object_number=builder.new_object())
    scene = builder.build()
    moved = scene.with_moved_objects(np.random.default_rng(1), share=1.0)
    np.testing.assert_array_equal(moved.corner[:6], scene.corner[:6])
    assert np.abs(moved.corner[6:] - scene.corner[6:]).max() > 0.01
    lengths = [np.linalg.norm(s.edge_u, axis=1) for s in (scene, moved)]
    np.testing.assert_allclose(lengths[0], lengths[1])
    np.testing.assert_allclose(moved.corner[6:, 2], scene.corner[6:, 2], atol=1e-12)
