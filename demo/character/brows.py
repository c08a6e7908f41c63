"""Brows: tapered rolls that lie on the forehead and follow the brow keys."""

from __future__ import annotations

import numpy as np

from .fields import MIRROR, curve
from .keys_face import BROW_BUMPS, bump_field
from .part import Keys, Part, doubled, left_to_both, tube
from .shape import surface

STATIONS, SIDES = 28, 12
COLOUR = np.array([0.075, 0.022, 0.012])


def left_brow() -> np.ndarray:
    """Rings of the left brow from nose to temple ``[STATIONS * SIDES, 3]``."""
    t = np.linspace(0.0, 1.0, STATIONS)
    azimuth = np.radians(8.5 + 28.0 * t)
    elevation = np.radians(curve(np.array([0, 0.3, 0.65, 1.0]), np.array([26.5, 28.6, 29.0, 24.0]), t))
    spine = surface(azimuth, elevation)
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    outward = spine / np.linalg.norm(spine, axis=-1, keepdims=True)
    upward = np.cross(outward, along)
    upward /= np.linalg.norm(upward, axis=-1, keepdims=True)
    upward *= np.sign(upward[:, 2:])
    half = curve(
        np.array([0, 0.08, 0.35, 0.75, 0.96, 1.0]), np.array([0.014, 0.034, 0.041, 0.032, 0.014, 0.005]), t
    )
    turn = np.linspace(0.0, 2 * np.pi, SIDES, endpoint=False)
    rings = upward[:, None] * np.cos(turn)[:, None] + 0.62 * outward[:, None] * np.sin(turn)[:, None]
    return (spine[:, None] + 0.012 * outward[:, None] + rings * half[:, None, None]).reshape(-1, 3)


def brows() -> Part:
    """Both brows as one mesh with the brow keys."""
    left = left_brow()
    ends = [tuple(range(SIDES))[::-1], tuple(range(len(left) - SIDES, len(left)))]
    vertices, faces, mirror = doubled(left, tube(STATIONS, SIDES, closed=True) + ends)
    keys: Keys = {}
    for name, bumps in BROW_BUMPS.items():
        if name.endswith("Left"):
            move = bump_field(left, bumps)
            keys[name] = left_to_both(move, "Left")
            keys[name[: -len("Left")] + "Right"] = left_to_both(move, "Right")
        else:
            move = bump_field(left, bumps)
            keys[name] = np.concatenate([move, move * MIRROR])
    return Part("Brows", vertices, faces, np.tile(COLOUR, (len(vertices), 1)), mirror, keys, roughness=0.8)
