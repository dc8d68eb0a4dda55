"""Smooth seeded camera paths through a place."""

import numpy as np
from jaxtyping import Float

from neumap.geometry import RigidTransform
from neumap.rendering.place import Place


def looking_at(
    eye_m: Float[np.ndarray, "3"], target_m: Float[np.ndarray, "3"], *, roll_deg: float = 0.0
) -> RigidTransform:
    """cam_from_world of a camera at `eye_m` aimed at `target_m`, z of the world up."""
    forward = (target_m - eye_m) / np.linalg.norm(target_m - eye_m)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(np.deg2rad(roll_deg)), np.sin(np.deg2rad(roll_deg))
    rotation = np.stack([cos * right + sin * down, cos * down - sin * right, forward])
    return RigidTransform(rotation, -rotation @ eye_m)


def _wave(rng: np.random.Generator, turn: Float[np.ndarray, " frame"]) -> np.ndarray:
    """Smooth function of the share of the path in [-1, 1]: two harmonics of random phase."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    angle = 2 * np.pi * turn
    return (np.sin(2 * angle + phase[0]) + 0.6 * np.sin(3 * angle + phase[1])) / 1.6


def walk(place: Place, num_frames: int, rng: np.random.Generator) -> list[RigidTransform]:
    """Return cam_from_world along one path.

    In a room the path goes round and looks across; elsewhere it goes along x, once each way,
    and looks at what lies around `look_center_m`.
    """
    turn = (np.arange(num_frames) + rng.uniform(0, 1)) / num_frames
    return _round(place, turn, rng) if place.kind == "room" else _along(place, turn, rng)


def _height(place: Place, turn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low, high = place.eye_height_m
    return 0.5 * (low + high) + 0.5 * (high - low) * _wave(rng, turn)


def _targets(
    place: Place, xy: np.ndarray, turn: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    low, high = place.look_height_m
    z = 0.5 * (low + high) + 0.5 * (high - low) * _wave(rng, turn)
    return np.column_stack([xy, z])


def _round(place: Place, turn: np.ndarray, rng: np.random.Generator) -> list[RigidTransform]:
    angle = 2 * np.pi * turn
    radius = 0.72 + 0.28 * _wave(rng, turn)
    x = place.walk_center_m[0] + place.walk_m[0] * radius * np.cos(angle)
    y = place.walk_center_m[1] + place.walk_m[1] * radius * np.sin(angle)
    eyes = np.column_stack([x, y, _height(place, turn, rng)])
    aim = angle + np.pi + np.deg2rad(38) * _wave(rng, turn)
    reach = np.hypot(*place.look_m) * 1.2
    ahead = np.column_stack([x + reach * np.cos(aim), y + reach * np.sin(aim)])
    return _views(eyes, _targets(place, ahead, turn, rng), rng)


def _along(place: Place, turn: np.ndarray, rng: np.random.Generator) -> list[RigidTransform]:
    there_and_back = 1 - 4 * np.abs(turn % 1 - 0.5)
    x = place.walk_center_m[0] + place.walk_m[0] * there_and_back
    y = place.walk_center_m[1] + place.walk_m[1] * _wave(rng, turn)
    eyes = np.column_stack([x, y, _height(place, turn, rng)])
    look_x = place.look_center_m[0] + place.look_m[0] * _wave(rng, turn) + 0.6 * x
    look_y = place.look_center_m[1] + place.look_m[1] * _wave(rng, turn)
    return _views(eyes, _targets(place, np.column_stack([look_x, look_y]), turn, rng), rng)


def _views(eyes: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> list[RigidTransform]:
    rolls = rng.normal(0.0, 2.0, len(eyes))
    return [
        looking_at(eye, target, roll_deg=float(roll))
        for eye, target, roll in zip(eyes, targets, rolls, strict=True)
    ]
