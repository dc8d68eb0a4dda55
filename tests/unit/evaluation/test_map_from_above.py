import numpy as np
from scipy.spatial.transform import Rotation

from neumap.evaluation.map_from_above import QueryCameras, ground_axes, map_from_above_svg
from neumap.geometry import RigidTransform


def _upright(center, yaw_deg: float) -> RigidTransform:
    """World z points up: a camera's y axis points along -z, its view turns about z."""
    yaw = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    cam_from_yawed = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    rotation = cam_from_yawed @ yaw.T
    return RigidTransform(rotation, -rotation @ np.asarray(center, dtype=np.float64))


def test_ground_plane_is_level_orthonormal_and_seen_from_above():
    cameras = [_upright([3.0 * i, 0.5 * i, 1.5], 20.0 * i) for i in range(6)]
    plane = ground_axes(cameras)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(plane[:, 2], 0, atol=1e-9)
    # x to y turns anticlockwise about the world's up: the picture is not mirrored
    np.testing.assert_allclose(np.cross(plane[0], plane[1]), [0, 0, 1], atol=1e-9)


def test_ground_plane_of_one_camera_is_finite():
    plane = ground_axes([_upright([0, 0, 0], 30.0)])
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-6)


def test_failed_queries_get_their_own_legend_entry_and_no_points_are_needed():
    camera = _upright([0, 0, 1], 0)
    svg = map_from_above_svg(
        np.zeros((0, 3)),
        [camera],
        [QueryCameras(_upright([1, 0, 1], 5), None)],
        unit="m",
        name="above",
    )
    assert "queries that failed" in svg
    assert "queries, estimated" not in svg


def test_a_pose_far_away_does_not_change_the_extent():
    cameras = [_upright([float(i), 0, 1], 0) for i in range(5)]
    points = np.random.default_rng(0).normal(size=(100, 3))
    near, far = (
        map_from_above_svg(
            points,
            cameras,
            [QueryCameras(cameras[0], _upright([x, 0, 1], 0))],
            unit="m",
            name="above",
        )
        for x in (0.1, 1e6)
    )
    assert near.split("viewBox")[1][:40] == far.split("viewBox")[1][:40]
    assert near.count("xtick") == far.count("xtick")
