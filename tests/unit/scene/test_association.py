from dataclasses import replace

import numpy as np
import pytest

from made_scene import pose_on_arc, unit, view_of
from neumap.geometry import Camera
from neumap.scene.association import AssociationConfig, associate

CONFIG = AssociationConfig(radius_px=5.0, min_similarity=0.7)
POSE = pose_on_arc(10)


def grid_points():
    """Points about 40 px apart, so that only one is near a key-point."""
    x, y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-1.5, 1.5, 7))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


XYZ = grid_points()
LOOKS = unit(np.random.default_rng(0).normal(size=(len(XYZ), 64)))


def found(view, xyz=XYZ, looks=LOOKS, **options):
    return associate(xyz, looks, view, config=CONFIG, **options)


def test_key_points_at_their_projections_are_all_found():
    point_idx, pixel_idx = found(view_of(POSE, XYZ, LOOKS))
    np.testing.assert_array_equal(np.sort(point_idx), np.arange(len(XYZ)))
    np.testing.assert_array_equal(point_idx, pixel_idx)


@pytest.mark.parametrize(("shift_px", "count"), [(4.9, len(XYZ)), (5.1, 0)])
def test_a_shifted_key_point_is_found_within_the_radius_and_not_beyond(shift_px, count):
    offset = shift_px * np.array([0.6, 0.8])
    point_idx, _ = found(view_of(POSE, XYZ, LOOKS, xy_offset_px=offset))
    assert len(point_idx) == count


def test_a_near_key_point_that_looks_otherwise_is_not_taken():
    other = unit(np.random.default_rng(1).normal(size=LOOKS.shape))
    assert len(found(view_of(POSE, XYZ, other))[0]) == 0


def test_the_similarity_limit_is_a_cosine():
    away = np.random.default_rng(2).normal(size=LOOKS.shape)
    away = unit(away - (away * LOOKS).sum(axis=1, keepdims=True) * LOOKS)
    for cosine, count in ((0.72, len(XYZ)), (0.68, 0)):
        looks = (cosine * LOOKS + np.sqrt(1 - cosine**2) * away).astype(np.float32)
        assert len(found(view_of(POSE, XYZ, looks))[0]) == count


def test_of_two_near_key_points_the_one_that_looks_alike_is_taken():
    twice = np.concatenate([XYZ, XYZ])
    noise = np.random.default_rng(3).normal(0, 0.06, LOOKS.shape)
    looks = np.concatenate([unit(LOOKS + noise), LOOKS])
    point_idx, pixel_idx = found(view_of(POSE, twice, looks))
    np.testing.assert_array_equal(pixel_idx, point_idx + len(XYZ))


def test_a_key_point_is_given_to_one_point_only():
    """Two points at one place with like descriptors: the better one gets the key-point."""
    noise = np.random.default_rng(4).normal(0, 0.06, LOOKS.shape)
    looks = np.concatenate([unit(LOOKS + noise), LOOKS])
    view = view_of(POSE, XYZ, LOOKS)
    point_idx, pixel_idx = found(view, np.concatenate([XYZ, XYZ]), looks)
    assert len(np.unique(pixel_idx)) == len(pixel_idx) == len(XYZ)
    assert (point_idx >= len(XYZ)).all()


def test_a_measured_depth_that_differs_forbids_a_match_and_a_missing_one_does_not():
    view = view_of(POSE, XYZ, LOOKS)
    z = POSE.apply(XYZ)[:, 2]
    allowed = 0.05 + 0.05 * z
    depth = z.copy()
    depth[0::3] += 1.05 * allowed[0::3]
    depth[1::3] -= 0.95 * allowed[1::3]
    depth[2::3] = np.nan
    point_idx, _ = found(view, depth_at_pixel=depth)
    np.testing.assert_array_equal(np.sort(point_idx), np.flatnonzero(np.arange(len(XYZ)) % 3 != 0))


def test_points_behind_the_camera_are_not_found():
    view = view_of(POSE, XYZ, LOOKS)
    center = POSE.center_in_source
    assert len(found(view, 2 * center - XYZ)[0]) == 0


def test_the_radius_in_pixels_grows_with_the_focal_length_from_half_on():
    for focal, limit in ((1000.0, 10.0), (500.0, 5.0), (100.0, 2.5)):
        camera = Camera.pinhole(640, 480, fx=focal, fy=focal, cx=320.0, cy=240.0)
        view = view_of(POSE, XYZ, LOOKS)
        for factor, expected in ((0.98, len(XYZ)), (1.02, 0)):
            offset = np.array([limit * factor, 0.0])
            xy = camera.img_from_cam(POSE.apply(XYZ)) + offset
            own = replace(view, camera=camera, xy_cam=camera.cam_from_img(xy))
            assert len(found(own)[0]) == expected


@pytest.mark.parametrize("empty", ["points", "key-points"])
def test_nothing_to_associate_gives_nothing(empty):
    view = view_of(POSE, XYZ[:0], LOOKS[:0]) if empty == "key-points" else view_of(POSE, XYZ, LOOKS)
    xyz, looks = (XYZ[:0], LOOKS[:0]) if empty == "points" else (XYZ, LOOKS)
    point_idx, pixel_idx = found(view, xyz, looks)
    assert len(point_idx) == len(pixel_idx) == 0


def test_points_out_of_the_photo_are_not_found():
    assert len(found(view_of(POSE, XYZ, LOOKS), XYZ + np.array([0.0, 40.0, 0.0]))[0]) == 0
