"""Surprise of codes: uniform by chance for a wrong pose, large for the right one."""

import numpy as np

from made_scene import VIEW_CAMERA, pose_on_arc, unit
from neumap.geometry import RigidTransform
from neumap.pose import Correspondences
from neumap.pose.guided_evidence import surprise_of_codes
from neumap.pose.guided_matching import GuideTable

RIGHT = pose_on_arc(5.0)
NO_PAIRS = Correspondences(np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0))


def made_table(*, num_codes=400, num_stray=800, seed=0):
    """Codes of a leaning surface that a photo from RIGHT shows, and key-points that show none."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform([[-1.8], [-1.4]], [[1.8], [1.4]], (2, num_codes))
    anchors = np.column_stack([x, y, 0.5 * x + 0.1 * np.sin(x) * np.cos(y)])
    looks = unit(rng.normal(size=(num_codes, 16)))
    xy_img = VIEW_CAMERA.img_from_cam(RIGHT.apply(anchors))
    xy_img = np.concatenate([xy_img, rng.uniform((0, 0), (640, 480), (num_stray, 2))])
    seen = unit(looks + 0.1 * rng.normal(size=looks.shape))
    stray = unit(rng.normal(size=(num_stray, 16)))
    return GuideTable(anchors, looks, xy_img, np.concatenate([seen, stray]))


def in_view(table, pose, *, known=NO_PAIRS):
    return surprise_of_codes(table, pose, VIEW_CAMERA, known=known, radius_px=5.0)


def surprise(table, pose, *, known=NO_PAIRS):
    return in_view(table, pose, known=known).surprise


def pairs_of(table, count):
    return Correspondences(table.xy_img[:count], table.anchors_in_world[:count], np.ones(count))


def test_a_right_pose_surprises_and_a_wrong_one_does_as_chance_does():
    table = made_table()
    assert surprise(table, RIGHT).mean() > 4.5
    aside = RigidTransform(RIGHT.rotation, RIGHT.translation + np.array([0.7, 0.4, 0.0]))
    wrong = surprise(table, aside)
    assert len(wrong) > 50
    # -ln of a uniform number is 1; a key-point that is near two codes keeps the larger one
    assert 0.8 < wrong.mean() < 1.8


def test_pairs_that_the_pose_was_found_with_are_left_out():
    table = made_table(num_stray=0)
    assert len(surprise(table, RIGHT)) > 300
    assert len(surprise(table, RIGHT, known=pairs_of(table, 399))) <= 1
    assert len(surprise(table, RIGHT, known=pairs_of(table, 400))) == 0


def test_known_codes_in_view_are_counted_once_and_thinned_as_the_others_are():
    table = made_table(num_stray=0)
    pairs = pairs_of(table, 50)
    twice = Correspondences(
        *(np.concatenate([v, v]) for v in (pairs.xy_img, pairs.xyz_in_world)), np.ones(100)
    )
    assert in_view(table, RIGHT).num_known == 0
    assert in_view(table, RIGHT, known=twice).num_known == 50
    assert in_view(table, pose_on_arc(5.0, distance=-50.0), known=pairs).num_known == 0
    many = made_table(num_codes=5000, num_stray=0)
    assert 40 < in_view(many, RIGHT, known=pairs_of(many, 500)).num_known < 80


def test_codes_far_beyond_the_known_ones_are_not_asked():
    table = made_table(num_stray=0)
    is_front = RIGHT.apply(table.anchors_in_world)[:, 2] < 5.2  # depths reach from 4.9 to 7.1
    front = Correspondences(
        table.xy_img[is_front], table.anchors_in_world[is_front], np.ones(is_front.sum())
    )
    beyond = GuideTable(
        table.anchors_in_world + RIGHT.inverse().rotation @ [0.0, 0.0, 20.0],
        table.code_vectors,
        table.xy_img,
        table.query_vectors,
    )
    assert len(surprise(beyond, RIGHT)) > 0
    assert len(surprise(beyond, RIGHT, known=front)) == 0


def moved_away(table, times):
    """The same codes, each farther from RIGHT on its own ray."""
    eye = RIGHT.center_in_source
    return eye + times * (table.anchors_in_world - eye)


def with_codes(table, anchors):
    """Add codes of other looks, of which the photo shows nothing."""
    looks = unit(np.random.default_rng(9).normal(size=(len(anchors), 16)))
    return GuideTable(
        np.concatenate([table.anchors_in_world, anchors]),
        np.concatenate([table.code_vectors, looks]),
        table.xy_img,
        table.query_vectors,
    )


def test_codes_behind_a_surface_of_others_do_not_speak():
    table = made_table(num_codes=250)
    hidden = with_codes(table, moved_away(made_table(num_codes=250, seed=4), 1.2))
    same = surprise(table, RIGHT)
    heard = surprise(hidden, RIGHT)
    assert abs(len(heard) - len(same)) < 0.1 * len(same)
    assert heard.mean() > 0.95 * same.mean()


def test_codes_that_nothing_hides_speak_against_a_pose_that_does_not_show_them():
    table = made_table(num_codes=250)
    is_left = table.anchors_in_world[:, 0] < 0  # only this half of the surface stands in front
    half = GuideTable(
        table.anchors_in_world[is_left],
        table.code_vectors[is_left],
        table.xy_img,
        table.query_vectors,
    )
    beside = with_codes(half, moved_away(table, 1.2)[~is_left])
    assert len(surprise(beside, RIGHT)) > 1.5 * len(surprise(half, RIGHT))
    assert surprise(beside, RIGHT).mean() < 0.8 * surprise(half, RIGHT).mean()


def test_known_codes_that_others_hide_do_not_count_either():
    """A wrong pose whose pairs lie behind a surface would gain from hiding the other codes only."""
    table = made_table(num_codes=250, num_stray=0)
    hidden = with_codes(table, moved_away(table, 1.2))
    behind = Correspondences(table.xy_img, hidden.anchors_in_world[250:], np.ones(250))
    assert in_view(hidden, RIGHT, known=behind).num_known < 25
    assert in_view(hidden, RIGHT, known=pairs_of(table, 250)).num_known > 225


def test_a_key_point_speaks_for_one_code_only():
    table = made_table(num_stray=0)
    doubled = GuideTable(
        np.repeat(table.anchors_in_world, 3, axis=0),
        np.repeat(table.code_vectors, 3, axis=0),
        table.xy_img[:40],
        table.query_vectors[:40],
    )
    assert 0 < len(surprise(doubled, RIGHT)) <= 40


def test_of_very_many_codes_evenly_chosen_ones_stand_for_all():
    table = made_table(num_codes=5000, num_stray=0)
    assert 200 < len(surprise(table, RIGHT)) <= 600


def test_codes_outside_the_photo_and_photos_without_key_points_say_nothing():
    table = made_table()
    assert len(surprise(table, pose_on_arc(5.0, distance=-50.0))) == 0
    blind = GuideTable(
        table.anchors_in_world, table.code_vectors, np.zeros((0, 2)), np.zeros((0, 16), np.float32)
    )
    assert len(surprise(blind, RIGHT)) == 0
