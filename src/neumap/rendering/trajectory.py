"""Smooth seeded camera paths through a place."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from neumap.geometry import RigidTransform
from neumap.rendering.place import Place

# Camera axes (x right, y down, z forward) of a level camera that looks along +x, as columns.
_LEVEL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def view_along(
    eye_m: Float[np.ndarray, "3"], *, heading_deg: float, pitch_deg: float, roll_deg: float
) -> RigidTransform:
    """cam_from_world at `eye_m`: heading 0 looks along +x, 90 along +y; pitch > 0 looks up."""
    turn = Rotation.from_euler("ZYX", [heading_deg, -pitch_deg, roll_deg], degrees=True)
    rotation = (turn.as_matrix() @ _LEVEL).T
    return RigidTransform(rotation, -rotation @ eye_m)


def walk(place: Place, num_frames: int, rng: np.random.Generator) -> list[RigidTransform]:
    """Return cam_from_world along one path, evenly spread over it.

    Without `heading_deg` the path goes round and looks across; with it, along x and back.
    """
    turn = (np.arange(num_frames) + rng.uniform(0, 1)) / num_frames
    angle = 2 * np.pi * turn
    if place.heading_deg is None:
        radius = 0.72 + 0.28 * _wave(rng, angle)
        along, across = radius * np.cos(angle), radius * np.sin(angle)
        heading_deg = np.degrees(angle) + 180.0
    else:
        along = -np.cos(angle)
        across = _wave(rng, angle)
        heading_deg = np.where(turn % 1 < 0.5, *place.heading_deg)
    heading_deg = heading_deg + place.swing_deg * _wave(rng, angle)
    eyes = np.column_stack(
        [
            place.walk_center_m[0] + place.walk_m[0] * along,
            place.walk_center_m[1] + place.walk_m[1] * across,
            _between(place.eye_height_m, _wave(rng, angle)),
        ]
    )
    pitch_deg = _between(place.pitch_deg, _wave(rng, angle))
    roll_deg = rng.normal(0.0, 2.0, num_frames)
    return [
        view_along(eye, heading_deg=float(heading), pitch_deg=float(pitch), roll_deg=float(roll))
        for eye, heading, pitch, roll in zip(eyes, heading_deg, pitch_deg, roll_deg, strict=True)
    ]


def _wave(
    rng: np.random.Generator, angle: Float[np.ndarray, " frame"]
) -> Float[np.ndarray, " frame"]:
    """Draw a smooth closed function in [-1, 1]: two harmonics of random phase."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    return (np.sin(2 * angle + phase[0]) + 0.6 * np.sin(3 * angle + phase[1])) / 1.6


def _between(bounds: tuple[float, float], wave: np.ndarray) -> np.ndarray:
    return 0.5 * (bounds[0] + bounds[1]) + 0.5 * (bounds[1] - bounds[0]) * wave
