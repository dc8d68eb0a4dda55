"""Rendering of a scene small enough to know every answer."""

import numpy as np
import pytest

from neumap.geometry import Camera, RigidTransform
from neumap.rendering.light import Lamp, Lighting, PhotoStyle
from neumap.rendering.renderer import nearest_depth_m, render
from neumap.rendering.scene import RenderScene, SceneBuilder, placed
from neumap.rendering.sky import CloudLayer
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


def test_things_can_be_taken_away_between_passes():
    builder = SceneBuilder(np.random.default_rng(0))
    white = builder.finish(np.full((4, 4, 3), 255, np.uint8))
    builder.box(placed(0.0, 0.0), (1.0, 1.0, 1.0), white)
    for x in range(2, 42):
        thing = builder.new_object()
        builder.box(placed(float(x), 0.0), (0.5, 0.5, 0.5), white, object_number=thing)
    scene = builder.build()
    later = scene.with_moved_objects(np.random.default_rng(1), share=0.0, removed_share=0.4)
    left = np.unique(later.object_number[later.object_number >= 0])
    assert 10 < len(left) < 35
    kept = np.isin(scene.object_number, [-1, *left])
    np.testing.assert_array_equal(later.corner, scene.corner[kept])


def test_glowing_faces_shine_by_night_alone():
    builder = SceneBuilder(np.random.default_rng(0))
    grey = np.full((4, 4, 3), 120, np.uint8)
    builder.panel(placed(-5.0, 0.0, -9.0), (10.0, 20.0), builder.finish(grey, glow=1.0))
    builder.panel(placed(5.0, 0.0, -9.0), (10.0, 20.0), builder.finish(grey))
    scene = builder.build()
    rgb = [
        render(scene, CAMERA, _eye(), Lighting(lamps=(), glow=glow), style=PLAIN).rgb
        for glow in (0.0, 0.5)
    ]
    np.testing.assert_array_equal(rgb[0][:, :28], rgb[0][:, 36:])
    assert rgb[1][:, :28].min() > rgb[1][:, 36:].max()
    np.testing.assert_array_equal(rgb[0][:, 36:], rgb[1][:, 36:])


def test_glossy_faces_mirror_the_sky_most_at_flat_angles():
    builder = SceneBuilder(np.random.default_rng(0))
    black = builder.finish(np.zeros((4, 4, 3), np.uint8), gloss=0.8)
    floor = np.array([-50.0, 50.0, 0.0])
    across, along = np.array([100.0, 0.0, 0.0]), np.array([0.0, -100.0, 0.0])
    builder.face(floor, across, along, finish=black)
    lighting = Lighting(lamps=(), sky_rgb=(0.2, 0.4, 0.8))
    rgb = render(builder.build(), CAMERA, _eye(), lighting, style=PLAIN).rgb
    # Below row 31 what is mirrored is the open sky, not what stands at the horizon.
    blue = rgb[31:, 32, 2].astype(int)
    assert blue[0] > blue[-1] > 0
    assert (np.diff(blue) <= 0).all()


def test_clouds_cover_part_of_the_sky_and_never_the_ground():
    clouds = CloudLayer.draw(np.random.default_rng(0))
    directions = np.random.default_rng(1).standard_normal((2000, 3))
    colors = clouds.over((0.3, 0.5, 0.9), directions)
    is_up = directions[:, 2] > 0.3 * np.linalg.norm(directions, axis=1)
    assert colors[is_up].std(axis=0).max() > 0.1
    assert colors[directions[:, 2] < 0].std(axis=0).max() < 1e-4
    assert (colors >= 0).all()
    assert (colors <= 1).all()
    np.testing.assert_allclose(colors, clouds.over((0.3, 0.5, 0.9), 7 * directions), atol=1e-6)


def test_a_lamp_lights_nothing_beyond_its_reach():
    white = np.full((4, 4, 3), 255, np.uint8)
    builder = SceneBuilder(np.random.default_rng(0))
    builder.panel(placed(0.0, 0.0, -9.0), (20.0, 20.0), builder.finish(white))
    dark = Lighting(lamps=(), ambient_rgb=(0.1, 0.1, 0.1))
    lamp = Lamp(position_m=(0.0, -1.0, 1.0), rgb=(1.0, 1.0, 1.0), reach_m=1.5)
    lit = Lighting(lamps=(lamp,), ambient_rgb=(0.1, 0.1, 0.1))
    views = [render(builder.build(), CAMERA, _eye(), light, style=PLAIN) for light in (dark, lit)]
    gap = np.linalg.norm(views[0].xyz_in_world - np.array(lamp.position_m), axis=2)
    is_beyond = gap > 1.55
    np.testing.assert_array_equal(views[0].rgb[is_beyond], views[1].rgb[is_beyond])
    assert (views[1].rgb[gap < 1.2] > views[0].rgb[gap < 1.2]).all()
