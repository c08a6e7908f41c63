"""The tongue: rests behind the lower teeth, rides on the jaw, and comes out."""

from __future__ import annotations

import numpy as np

from .fields import curve, smoothstep
from .keys_face import JAW_MOVES, jaw_turn
from .part import Keys, Part, tube
from .skin import Face, mix

STATIONS, SIDES = 26, 24
COLOUR, GROOVE = np.array([0.62, 0.17, 0.17]), np.array([0.40, 0.08, 0.09])


def tongue(face: Face) -> Part:
    """A flattened loft from the root to the tip with a groove along its back."""
    line = face.rest[face.grid.mouth.upper]
    front, level = line[len(line) // 2, 1:]
    t = np.linspace(0.0, 1.0, STATIONS)
    y = front + 0.60 - 0.375 * t
    z = level + curve(np.array([0, 0.3, 0.7, 1.0]), np.array([-0.16, -0.120, -0.140, -0.170]), t)
    width = curve(np.array([0, 0.2, 0.6, 0.85, 1.0]), np.array([0.05, 0.20, 0.215, 0.165, 0.03]), t)
    thick = curve(np.array([0, 0.2, 0.6, 0.9, 1.0]), np.array([0.03, 0.075, 0.06, 0.04, 0.012]), t)
    turn = np.linspace(0.0, 2 * np.pi, SIDES, endpoint=False)
    groove = 0.28 * np.exp(-((np.sin(turn) / 0.22) ** 2)) * (np.cos(turn) > 0)
    x = width[:, None] * np.sin(turn)
    up = thick[:, None] * (np.cos(turn) - groove)
    vertices = np.stack([x, y[:, None] + 0 * x, z[:, None] + up], axis=-1).reshape(-1, 3)
    ends = [tuple(range(SIDES))[::-1], tuple(range(len(vertices) - SIDES, len(vertices)))]
    tint = mix(np.tile(COLOUR, (len(vertices), 1)), GROOVE, np.tile(groove / 0.28, STATIONS))
    ring = (-np.arange(SIDES)) % SIDES
    mirror = (np.arange(STATIONS)[:, None] * SIDES + ring).ravel()
    faces = tube(STATIONS, SIDES, closed=True) + ends
    return Part(
        "Tongue", vertices, faces, tint, mirror, tongue_keys(vertices, np.repeat(t, SIDES)), roughness=0.3
    )


def tongue_keys(rest: np.ndarray, along: np.ndarray) -> Keys:
    """Jaw keys and tongueOut, ``along [V]`` from root 0 to tip 1."""
    keys: Keys = {"jawOpen": jaw_turn(rest) * (0.6 + 0.32 * along)[:, None]}
    for name, move in JAW_MOVES.items():
        keys[name] = np.array(move) * (0.5 + 0.5 * along)[:, None]
    keys["jawRight"] = keys["jawLeft"] * [-1.0, 1.0, 1.0]
    reach = along**1.3
    droop = smoothstep(0.62, 1.0, along)
    lift = 0.130 * smoothstep(0.1, 0.6, along)
    squash = smoothstep(0.2, 0.7, along)
    keys["tongueOut"] = np.stack([-0.10 * rest[:, 0] * squash, -0.48 * reach, lift - 0.13 * droop], axis=-1)
    return keys
