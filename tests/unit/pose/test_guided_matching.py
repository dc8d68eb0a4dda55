import numpy as np

from made_scene import VIEW_CAMERA, pose_on_arc, unit
from neumap.pose.guided_matching import GuideTable, match_near_projections

RNG = np.random.default_rng(0)
ANCHORS = RNG.uniform([-1.5, -1.2, -1.0], [1.5, 1.2, 1.0], (60, 3))
LOOKS = unit(RNG.normal(size=(60, 16)))
POSE = pose_on_arc(5.0)


def table_of(xy_img, query_vectors):
    return GuideTable(ANCHORS, LOOKS, xy_img, query_vectors)


def projections():
    return VIEW_CAMERA.img_from_cam(POSE.apply(ANCHORS))


def test_shifted_key_points_are_found_within_the_radius_and_not_beyond():
    table = table_of(projections() + np.array([3.0, 0.0]), LOOKS)
    near = match_near_projections(table, POSE, VIEW_CAMERA, radius_px=4.0)
    far = match_near_projections(table, POSE, VIEW_CAMERA, radius_px=2.0)
    residual = VIEW_CAMERA.img_from_cam(POSE.apply(near.xyz_in_world)) - near.xy_img
    assert len(near) >= 55
    np.testing.assert_allclose(np.linalg.norm(residual, axis=1), 3.0, atol=1e-6)
    assert len(far) < 5


def test_the_likelier_of_two_close_key_points_wins():
    xy = projections()
    table = table_of(np.concatenate([xy, xy + 0.5]), np.concatenate([unit(-LOOKS), LOOKS]))
    found = match_near_projections(table, POSE, VIEW_CAMERA, radius_px=2.0)
    gap = found.xy_img - VIEW_CAMERA.img_from_cam(POSE.apply(found.xyz_in_world))
    assert (np.abs(gap - 0.5) < 1e-6).all(axis=1).mean() > 0.9


def test_no_key_point_and_no_code_is_used_twice_and_the_best_come_first():
    xy = projections()[np.repeat(np.arange(60), 2)] + RNG.normal(0, 1, (120, 2))
    queries = unit(np.repeat(LOOKS, 2, axis=0) + 0.3 * RNG.normal(size=(120, 16)))
    found = match_near_projections(table_of(xy, queries), POSE, VIEW_CAMERA, radius_px=6.0)
    assert len(np.unique(found.xy_img, axis=0)) == len(found)
    assert len(np.unique(found.xyz_in_world, axis=0)) == len(found)
    assert (np.diff(found.confidence) <= 0).all()


def test_a_view_of_nothing_gives_no_pairs():
    table = table_of(projections(), LOOKS)
    away = pose_on_arc(180.0, distance=-6.0)
    assert len(match_near_projections(table, away, VIEW_CAMERA, radius_px=5.0)) == 0
    empty = table_of(np.zeros((0, 2)), np.zeros((0, 16), dtype=np.float32))
    assert len(match_near_projections(empty, POSE, VIEW_CAMERA, radius_px=5.0)) == 0
