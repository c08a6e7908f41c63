"""Eyeballs with iris and pupil, their catch-lights, and the lashes."""

from __future__ import annotations

import numpy as np

from .fields import rotate_x, rotate_z, smoothstep
from .keys_eyes import GAZE_DRAG, POSES, lash_field, lash_rest
from .lids import LASH_ROWS
from .part import Keys, Part, doubled, left_to_both, tube
from .shape import EYE, EYE_RADIUS
from .skin import Face, mix

PUPIL, IRIS = np.radians(13.5), np.radians(31.0)
SEGMENTS = 64
LOOK = {"Up": 24.0, "Down": -26.0, "In": -30.0, "Out": 30.0}
"""Turn of the left eyeball in degrees at value 1."""
WHITE = np.array([0.86, 0.84, 0.80])
RIM, OUTER, INNER = (
    np.array([0.020, 0.035, 0.030]),
    np.array([0.05, 0.20, 0.13]),
    np.array([0.30, 0.42, 0.12]),
)
LASH = np.array([0.022, 0.010, 0.010])


def cap(polar: np.ndarray, axis_turn: tuple[float, float], radius: float) -> tuple[np.ndarray, list]:
    """Rings of a sphere about its front (-y) pole turned by (up, left) degrees; vertices, faces."""
    around = np.linspace(0.0, 2 * np.pi, SEGMENTS, endpoint=False)
    flat, along = np.sin(polar)[:, None], -np.cos(polar)[:, None]
    x, z = flat * np.sin(around), flat * np.cos(around)
    rings = np.stack([x, along + 0 * x, z], axis=-1).reshape(-1, 3) * radius
    points = np.concatenate([rings, [[0.0, -radius, 0.0]]])
    faces = tube(len(polar), SEGMENTS, closed=True)
    tip = len(points) - 1
    faces += [(tip, (c + 1) % SEGMENTS, c) for c in range(SEGMENTS)]
    points = rotate_x(points, np.zeros(3), np.radians(axis_turn[0]))
    return rotate_z(points, np.zeros(3), np.radians(axis_turn[1])) + EYE, faces


def eyeballs() -> Part:
    """Both eyeballs as one mesh; each follows its own eyeLook keys."""
    seam = np.radians(0.4)
    polar = np.concatenate([
        np.linspace(np.radians(3), PUPIL - seam, 5), np.linspace(PUPIL + seam, IRIS - 2 * seam, 10),
        np.linspace(IRIS + seam, np.radians(40), 4), np.linspace(np.radians(46), np.radians(175), 18),
    ])  # fmt: skip
    left, faces = cap(polar, (0.0, 0.0), EYE_RADIUS)
    angle = np.append(np.repeat(polar, SEGMENTS), 0.0)
    height = (left[:, 2] - EYE[2]) / EYE_RADIUS
    t = (angle - PUPIL) / (IRIS - PUPIL)
    iris = mix(np.tile(OUTER, (len(left), 1)), INNER, smoothstep(0.75, 0.1, t) * (0.55 - 1.3 * height))
    iris = mix(iris, RIM, smoothstep(0.80, 0.98, t))
    tint = np.where((angle < IRIS)[:, None], iris, WHITE)
    tint = np.where((angle < PUPIL)[:, None], 0.004, tint)
    vertices, faces, mirror = doubled(left, faces)
    keys: Keys = {}
    for way, degrees in LOOK.items():
        turn = rotate_x if way in ("Up", "Down") else rotate_z
        move = turn(left, EYE, np.radians(degrees)) - left
        for side in ("Left", "Right"):
            keys[f"eyeLook{way}{side}"] = left_to_both(move, side)
    return Part("Eyes", vertices, faces, np.tile(tint, (2, 1)), mirror, keys, roughness=0.08)


def glints() -> Part:
    """Catch-lights that stay with the light, not with the gaze; lids cover them."""
    big, faces = cap(np.radians([2.0, 4.0, 6.2]), (17.0, -13.0), EYE_RADIUS * 1.02)
    small, more = cap(np.radians([1.0, 2.0, 2.8]), (-11.0, 15.0), EYE_RADIUS * 1.02)
    left = np.concatenate([big, small])
    faces = faces + [tuple(i + len(big) for i in face) for face in more]
    right = left - np.array([2 * EYE[0], 0.0, 0.0])
    both = np.concatenate([left, right])
    faces = faces + [tuple(i + len(left) for i in face) for face in faces]
    return Part("Glints", both, faces, np.full((len(both), 3), 1.0), np.arange(len(both)), glow=1.0)


def lashes(face: Face) -> Part:
    """Upper lashes of both eyes as one dark strip each, riding on the lids."""
    rest = lash_rest(face)
    columns = len(rest) // LASH_ROWS
    vertices, faces, mirror = doubled(rest, tube(LASH_ROWS, columns, closed=False))
    keys: Keys = {}
    for name in (*POSES, *GAZE_DRAG):
        move = lash_field(face, name)
        keys[name] = left_to_both(move, "Left")
        keys[name[: -len("Left")] + "Right"] = left_to_both(move, "Right")
    return Part("Lashes", vertices, faces, np.tile(LASH, (len(vertices), 1)), mirror, keys, roughness=0.7)
