"""The shapes in signatures are executed while tests run."""

import jaxtyping
import numpy as np
import pytest

from neumap.geometry import Camera, RigidTransform
from neumap.geometry.pixels import is_inside


def test_wrong_shape_of_an_argument_raises():
    camera = Camera.pinhole(64, 48, fx=50.0, fy=50.0, cx=32.0, cy=24.0)
    with pytest.raises(jaxtyping.TypeCheckError):
        camera.cam_from_img(np.zeros((2, 3)))


def test_wrong_shape_of_a_record_field_raises():
    with pytest.raises(jaxtyping.TypeCheckError):
        RigidTransform(np.eye(3), np.zeros(4))


def test_wrong_element_type_raises():
    with pytest.raises(jaxtyping.TypeCheckError):
        is_inside(np.zeros((2, 2), dtype=np.int64), 4, 4)
