"""Displacement fields of the lips: rounding, spreading, raising, lowering, rolling, pressing.

A periodic curve joins a stroke's handles around ``nu``; its reach fades them over ``mu``.
"""

from __future__ import annotations

import numpy as np

from .fields import bump, ring, smoothstep
from .skin import Face
from .strokes import COMPANIONS, STROKES, THINNED, Stroke

INNER_FOLLOW = np.array([1.0, 1.0, 0.95, 0.70, 0.35, 0.08, 0.0, 0.0, 0.0, 0.0])
"""How much bag row k follows the lip line."""


def reach_of(nu: np.ndarray) -> np.ndarray:
    """``mu`` at which a stroke of reach 1 dies away: far over the cheeks, near under the nose."""
    return ring(np.array([[1.55], [0.95], [0.52], [0.95], [1.55], [1.35], [1.15], [1.35]]), nu)[:, 0]


def inner_follow(face: Face) -> np.ndarray:
    """1 on the skin, fading along the bag ``[V]``."""
    return INNER_FOLLOW[np.minimum(np.abs(face.inner), len(INNER_FOLLOW) - 1)]


def stroke_field(face: Face, stroke: Stroke) -> np.ndarray:
    """Displacement ``[V, 3]`` of one stroke."""
    fade = 1.0 - smoothstep(
        0.0, 1.0, (face.mu - stroke.hold) / (reach_of(face.nu) * stroke.reach - stroke.hold)
    )
    return ring(stroke.handles(), face.nu) * (fade * inner_follow(face))[:, None]


def lip_field(face: Face, name: str) -> np.ndarray:
    """Displacement ``[V, 3]`` of a lip key: its stroke, thinner lips, and what it drags along."""
    total = stroke_field(face, STROKES[name]) + companions(face, name)
    return total + thin(face, name) if name in THINNED else total


def thin(face: Face, name: str) -> np.ndarray:
    """Lips drawn in toward the line where they meet ``[V, 3]``; keys named Left only on that side."""
    upper, lower = THINNED[name]
    line = face.rest[face.grid.mouth.upper]
    level = np.interp(np.cos(face.nu), np.cos(face.nu[face.grid.mouth.upper]), line[:, 2])
    share = np.where(face.nu >= 0, upper, lower) * smoothstep(
        1.0, 0.0, (face.mu - 0.12) / (reach_of(face.nu) - 0.12)
    )
    share = share * np.abs(np.sin(face.nu)) ** 0.7
    if name.endswith("Left"):
        share = share * smoothstep(-0.5, 0.5, np.cos(face.nu))
    drop = (level - face.rest[:, 2]) * share * (face.inner == 0)
    return np.stack([0 * drop, 0 * drop, drop], axis=-1)


def sideways(face: Face) -> np.ndarray:
    """The whole mouth carried to the character's left, the leading corner pushed up."""
    fade = (1.0 - smoothstep(0.3, 1.45, face.mu)) * inner_follow(face)
    lead = 0.5 + 0.5 * np.cos(face.nu)
    move = np.stack([0.15 + 0.0 * lead, 0.05 * lead, 0.03 * lead - 0.02 * (1 - lead)], axis=-1)
    return move * fade[:, None]


def companions(face: Face, name: str) -> np.ndarray:
    """Soft tissue dragged along by a lip key ``[V, 3]``; lids and lip red stay."""
    skin = (face.inner == 0) * (1.0 - face.lid) * smoothstep(0.05, 0.5, face.mu)
    out = np.zeros_like(face.rest)
    for centre, radius, move in COMPANIONS.get(name, ()):
        out += (bump(face.rest, centre, radius) * skin)[:, None] * np.array(move)
    return out
