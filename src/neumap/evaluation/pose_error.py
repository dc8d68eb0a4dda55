"""How far an estimated camera is from the true one."""

import numpy as np

from neumap.geometry import RigidTransform
from neumap.geometry.rigid_transform import rotation_angle_deg


def position_error(estimated: RigidTransform, true: RigidTransform) -> float:
    """Distance between the two camera centres, in scene units.

    Both transforms are `cam_from_world` of the same world.
    """
    return float(np.linalg.norm(estimated.center_in_source - true.center_in_source))


def rotation_error_deg(estimated: RigidTransform, true: RigidTransform) -> float:
    """Angle of the rotation between the two cameras, in degrees (0 to 180)."""
    return float(rotation_angle_deg(estimated.rotation, true.rotation))
