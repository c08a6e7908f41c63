"""Displacement fields of jaw, cheeks, nose and brows."""

from __future__ import annotations

import numpy as np

from .fields import bump, rotate_x, smoothstep
from .keys_mouth import inner_follow, reach_of
from .shape import JAW_ANGLE, JAW_PIVOT
from .skin import Face

Vector = tuple[float, float, float]
CORNER_SHARE = 0.30
"""Part of the jaw's turn that the mouth corners follow."""
SEAL_SHARE = 0.26
"""Part of the jaw's turn at which closed lips meet in the middle."""


def jaw_turn(points: np.ndarray) -> np.ndarray:
    """Displacement ``[V, 3]`` of what is fixed to the jaw bone when it opens fully."""
    return rotate_x(points, JAW_PIVOT, -JAW_ANGLE) - points


def jaw_share(face: Face) -> np.ndarray:
    """How much of the jaw's motion each vertex follows ``[V]``: lower lip and chin 1, upper lip 0."""
    t = -np.sin(face.nu)
    lower = CORNER_SHARE + (1 - CORNER_SHARE) * (1.0 - (1.0 - np.clip(t, 0, 1)) ** 1.6)
    upper = CORNER_SHARE * (1.0 + np.clip(t, -1, 0)) ** 1.7
    share = np.where(t >= 0, lower, upper)
    y, z = face.rest[:, 1], face.rest[:, 2]
    skin = (
        share
        * smoothstep(-0.02, -0.52, y)
        * smoothstep(0.05, -0.25, z)
        * smoothstep(0.0, 0.02, 2.6 - face.mu)
    )
    deep = smoothstep(2.0, 6.0, np.abs(face.inner).astype(float))
    inside = share + (np.where(face.inner < 0, 1.0, 0.0) - share) * deep
    return np.where(face.inner == 0, skin, inside)


def seal_share(face: Face) -> np.ndarray:
    """Jaw share of the line on which mouthClose brings the lips together ``[V]``; even in nu."""
    return CORNER_SHARE + (SEAL_SHARE - CORNER_SHARE) * np.abs(np.sin(face.nu))


def jaw_open(face: Face) -> np.ndarray:
    """The jaw turns about its hinge; the corners draw in a little."""
    inward = 0.055 * np.cos(face.nu) ** 3 * (1.0 - smoothstep(0.2, 1.4, face.mu)) * inner_follow(face)
    out = jaw_turn(face.rest) * jaw_share(face)[:, None]
    out[:, 0] -= inward
    return out


def mouth_close(face: Face) -> np.ndarray:
    """Lips brought together over a jaw that is as far open: exact on the lip line and its inner rows."""
    fade = 1.0 - smoothstep(0.0, 1.0, (face.mu - 0.24) / (reach_of(face.nu) - 0.24))
    fade = fade * inner_follow(face)
    line = jaw_turn(face.rest) * (seal_share(face) - jaw_share(face))[:, None]
    return line * fade[:, None]


def jaw_shift(face: Face, move: Vector) -> np.ndarray:
    """The jaw slides without turning; the upper lip goes along far enough that the lips stay together."""
    fade = 1.0 - smoothstep(0.0, 1.0, (face.mu - 0.2) / (reach_of(face.nu) - 0.2))
    share = jaw_share(face)
    share = share + 0.85 * fade * inner_follow(face) * (0.5 - share)
    return share[:, None] * np.array(move)


JAW_MOVES: dict[str, Vector] = {"jawForward": (0.0, -0.11, 0.0), "jawLeft": (0.13, 0.0, -0.01)}

SKIN_BUMPS: dict[str, tuple[tuple[Vector, float, Vector], ...]] = {
    "cheekPuff": (
        ((0.50, -0.66, -0.46), 0.24, (0.135, -0.085, 0.0)),
        ((-0.50, -0.66, -0.46), 0.24, (-0.135, -0.085, 0.0)),
        ((0.0, -0.95, -0.36), 0.10, (0.0, -0.03, 0.0)),
    ),
    "cheekSquintLeft": (((0.42, -0.76, -0.24), 0.17, (0.02, -0.050, 0.085)),),
    "noseSneerLeft": (
        ((0.10, -0.94, -0.23), 0.085, (0.010, -0.006, 0.046)),
        ((0.20, -0.86, -0.28), 0.12, (0.012, -0.018, 0.055)),
        ((0.06, -0.88, 0.10), 0.075, (-0.006, -0.020, 0.022)),
    ),
}
BROW_BUMPS: dict[str, tuple[tuple[Vector, float, Vector], ...]] = {
    "browDownLeft": (
        ((0.16, -0.86, 0.42), 0.19, (-0.030, -0.030, -0.125)),
        ((0.42, -0.80, 0.46), 0.17, (-0.010, -0.012, -0.060)),
    ),
    "browInnerUp": (
        ((0.13, -0.86, 0.44), 0.17, (0.0, 0.0, 0.140)),
        ((-0.13, -0.86, 0.44), 0.17, (0.0, 0.0, 0.140)),
    ),
    "browOuterUpLeft": (((0.48, -0.76, 0.46), 0.21, (0.0, 0.0, 0.135)),),
}


def bump_field(points: np.ndarray, bumps: tuple[tuple[Vector, float, Vector], ...]) -> np.ndarray:
    """Sum of Gaussian pushes at ``points``, ``[V, 3]``."""
    return sum(bump(points, centre, radius)[:, None] * np.array(move) for centre, radius, move in bumps)


def skin_bumps(face: Face, name: str) -> np.ndarray:
    """A cheek, nose or brow key on the face; lids, lip red and the bag stay."""
    bumps = SKIN_BUMPS.get(name) or BROW_BUMPS[name]
    free = (face.inner == 0) * (1.0 - face.lid) * smoothstep(0.10, 0.55, face.mu)
    field = bump_field(face.rest, bumps) * free[:, None]
    if name == "noseSneerLeft":
        lift = np.exp(-(((np.abs(face.nu) - np.radians(58)) / 0.45) ** 2)) * (face.nu > 0)
        lift *= (1.0 - smoothstep(0.25, 0.8, face.mu)) * inner_follow(face)
        field[:, 2] += 0.035 * lift
    return field
