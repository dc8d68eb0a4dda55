import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from made_scene import made_views, pose_on_arc, unit, view_of
from neumap.errors import MappingError, PoseError
from neumap.geometry import RigidTransform
from neumap.scene.given_poses import check_given_poses

OPENGL = RigidTransform(np.diag([1.0, -1.0, -1.0]), np.zeros(3))


def poses_around(seed, num=8):
    """Cameras that look at the world's origin from scattered places and with some roll."""
    rng = np.random.default_rng(seed)
    return [
        RigidTransform(
            Rotation.from_rotvec(rng.uniform(-0.5, 0.5, 3)).as_matrix(),
            np.array([*rng.uniform(-0.4, 0.4, 2), rng.uniform(2.6, 3.6)]),
        )
        for _ in range(num)
    ]


def photos_of_one_place(poses):
    rng = np.random.default_rng(0)
    xyz = rng.uniform([-1.5, -1.2, -1.0], [1.5, 1.2, 1.0], (300, 3))
    looks = unit(rng.normal(size=(300, 64)))
    return tuple(view_of(pose, xyz, looks) for pose in poses)


def with_poses(views, poses):
    return tuple(
        replace(view, cam_from_world=pose) for view, pose in zip(views, poses, strict=True)
    )


@pytest.mark.parametrize("num", [4, 8])
def test_views_that_fit_their_poses_pass(num):
    check_given_poses(photos_of_one_place(poses_around(1, num)))


def test_views_of_different_places_are_refused():
    views = tuple(
        made_views(seed=seed, angles_deg=(angle,)).views[0]
        for seed, angle in enumerate(range(-35, 36, 10))
    )
    with pytest.raises(MappingError, match="do not overlap"):
        check_given_poses(views)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_poses_of_other_photos_are_refused(seed):
    views = photos_of_one_place(poses_around(1))
    with pytest.raises(MappingError, match="poses are not theirs"):
        check_given_poses(with_poses(views, poses_around(seed)))


@pytest.mark.parametrize(
    ("reread", "named"),
    [
        (lambda pose: pose.inverse(), "world-to-camera"),
        (lambda pose: OPENGL @ pose, "OpenGL"),
    ],
)
def test_the_convention_that_fits_is_named(reread, named):
    poses = poses_around(1)
    views = with_poses(photos_of_one_place(poses), [reread(pose) for pose in poses])
    with pytest.raises(PoseError, match=re.escape(named)):
        check_given_poses(views)


def test_views_from_one_place_decide_nothing():
    turned = [RigidTransform(pose_on_arc(angle).rotation, np.zeros(3)) for angle in range(0, 40, 5)]
    check_given_poses(with_poses(made_views().views, turned))
