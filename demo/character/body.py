"""Ears, and the jumper with its rolled collar that hides where the head turns."""

from __future__ import annotations

import numpy as np

from .fields import curve
from .part import Part, doubled, tube
from .skin import BLUSH, SKIN, mix

WOOL, WOOL_DARK = np.array([0.045, 0.33, 0.36]), np.array([0.018, 0.15, 0.17])
EAR = np.array([0.790, -0.03, -0.07])
COLLAR = np.array([
    (0.370, -1.35), (0.372, -1.20), (0.385, -1.14), (0.425, -1.125), (0.475, -1.16), (0.492, -1.26),
    (0.482, -1.38), (0.445, -1.43), (0.452, -1.47), (0.56, -1.535), (0.78, -1.63), (1.02, -1.76),
    (1.17, -1.95), (1.22, -2.25), (1.24, -2.7),
])  # fmt: skip
"""Profile of the jumper: half-width and height, from inside the collar down to below the picture."""


def ears() -> Part:
    """Two simple ears: a rim, a bowl, a lobe."""
    rings, segments = 14, 40
    rho = np.repeat(np.linspace(0.02, 1.0, rings), segments)
    phi = np.tile(np.arange(segments) * 2 * np.pi / segments, rings)
    outline = 1.0 + 0.10 * np.cos(2 * phi) + 0.06 * np.sin(phi)
    along, up = rho * np.cos(phi) * outline * 0.145, rho * np.sin(phi) * outline * 0.235
    relief = curve(
        np.array([0, 0.3, 0.55, 0.72, 0.88, 1.0]), np.array([-0.030, -0.02, 0.028, 0.012, 0.050, -0.015]), rho
    )
    out = relief + 0.11 * np.cos(phi) * rho
    left = EAR + np.stack([out + 0.03, along + 0.02 * up, up - 0.04 * along], axis=-1)
    bowl = np.exp(-((rho / 0.45) ** 2))
    tint = mix(np.tile(SKIN, (len(left), 1)), BLUSH, 0.25 + 0.55 * bowl)
    faces = [face[::-1] for face in tube(rings, segments, closed=True)] + [tuple(range(segments))]
    vertices, faces, mirror = doubled(left, faces)
    return Part("Ears", vertices, faces, np.tile(tint, (2, 1)), mirror)


def jumper() -> Part:
    """Collar and shoulders: rings around the neck; they stay when the head turns."""
    rows, columns = 56, 160
    s = np.linspace(0.0, len(COLLAR) - 1.0, rows)
    knots = np.arange(len(COLLAR), dtype=float)
    width, height = curve(knots, COLLAR[:, 0], s), curve(knots, COLLAR[:, 1], s)
    turn = (np.arange(columns) + 0.5) * 2 * np.pi / columns
    rib = np.cos(turn * 40)
    ribbed = np.where(s < 7.5, 1.0, 0.25)[:, None]
    radius = width[:, None] * (1.0 + 0.014 * rib * ribbed)
    flat = curve(knots, np.clip(1.0 - 0.14 * (knots - 8.0), 0.52, 1.0), s)[:, None]
    back = 0.205 + 0 * flat
    x, y = radius * np.sin(turn), back - radius * flat * np.cos(turn)
    slope = 0.16 * np.clip(np.abs(x) - 0.5, 0.0, None) ** 1.5
    vertices = np.stack([x, y, height[:, None] - slope], axis=-1).reshape(-1, 3)
    shade = (0.5 + 0.5 * rib * ribbed).ravel()
    tint = mix(np.tile(WOOL, (len(vertices), 1)), WOOL_DARK, 0.55 * (1.0 - shade))
    mirror = np.arange(len(vertices)).reshape(rows, columns)[:, ::-1].ravel()
    return Part(
        "Jumper", vertices, tube(rows, columns, closed=True), tint, mirror, roughness=0.9, moves=False
    )
