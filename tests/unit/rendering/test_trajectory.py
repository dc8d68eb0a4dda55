"""Camera paths."""

import numpy as np
import pytest

from neumap.rendering.trajectory import view_along


def _axes(heading_deg: float, pitch_deg: float = 0.0) -> np.ndarray:
    pose = view_along(
        np.array([1.0, 2.0, 3.0]), heading_deg=heading_deg, pitch_deg=pitch_deg, roll_deg=0.0
    )
    np.testing.assert_allclose(pose.center_in_source, [1.0, 2.0, 3.0], atol=1e-12)
    assert pose.defect() is None
    return pose.rotation


@pytest.mark.parametrize(("heading_deg", "forward"), [(0.0, [1, 0, 0]), (90.0, [0, 1, 0])])
def test_heading_turns_from_x_to_y_with_the_camera_upright(heading_deg, forward):
    right, down, ahead = _axes(heading_deg)
    np.testing.assert_allclose(ahead, forward, atol=1e-12)
    np.testing.assert_allclose(down, [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(right, np.cross(down, ahead), atol=1e-12)


def test_positive_pitch_looks_up():
    assert _axes(30.0, pitch_deg=20.0)[2, 2] == pytest.approx(np.sin(np.deg2rad(20)))
