"""Upper and lower teeth with their gums; the lower ones ride on the jaw."""

from __future__ import annotations

import numpy as np

from .keys_face import JAW_MOVES, jaw_turn
from .part import Keys, Part, tube
from .skin import Face, mix

TEETH, PER_TOOTH = 12, 8
HALF_WIDTH, ARCH_DEPTH = 0.40, 0.42
ENAMEL, GUM = np.array([0.95, 0.92, 0.84]), np.array([0.50, 0.13, 0.12])

PROFILE = np.array([
    (0.075, 0.190, 1.0), (0.010, 0.150, 1.0), (0.0, 0.105, 0.85), (-0.006, 0.085, 0.0),
    (-0.008, 0.040, 0.0), (0.0, -0.002, 0.0), (0.012, -0.012, 0.0), (0.035, -0.004, 0.0), (0.070, 0.08, 0.3),
    (0.085, 0.19, 1.0),
])  # fmt: skip
"""Cross-section of a row of teeth: depth behind its front, height above its edge, gum share."""


def row(front: float, edge: float, scale: float, *, flip: bool) -> tuple[np.ndarray, np.ndarray]:
    """Vertices ``[R * K, 3]`` and colours of one row whose edge lies at height ``edge``."""
    columns = TEETH * PER_TOOTH + 1
    t = np.linspace(-1.0, 1.0, columns)
    x, y = HALF_WIDTH * scale * np.sin(t * np.radians(84.0)), front + ARCH_DEPTH * np.abs(t) ** 3.2
    inward = np.stack([-np.gradient(y), np.gradient(x)], axis=-1)
    inward /= np.linalg.norm(inward, axis=-1, keepdims=True)
    between = np.abs(np.sin(np.linspace(0.0, TEETH * np.pi, columns))) ** 0.35
    depth, height, gum = PROFILE.T[:, :, None]
    depth = depth + (1.0 - between) * 0.022 * (1.0 - gum)
    rise = height + np.where(height < 0.03, (1.0 - between) * 0.014, 0.0) + 0.020 * (t**2) * (height < 0.09)
    rise = np.where(flip, -rise, rise)
    vertices = np.stack([x + inward[:, 0] * depth, y + inward[:, 1] * depth, edge + rise], axis=-1)
    enamel = ENAMEL * (0.55 + 0.45 * between)[None, :, None] * np.ones((len(PROFILE), 1, 1))
    shade = 1.0 - 0.35 * t**2
    tint = (
        mix(enamel.reshape(-1, 3), GUM, np.repeat(gum[:, 0], columns)) * np.tile(shade, len(PROFILE))[:, None]
    )
    return vertices.reshape(-1, 3), tint


def part_of(name: str, vertices: np.ndarray, tint: np.ndarray, keys: Keys) -> Part:
    columns = TEETH * PER_TOOTH + 1
    mirror = np.arange(len(vertices)).reshape(-1, columns)[:, ::-1].ravel()
    return Part(name, vertices, tube(len(PROFILE), columns, closed=False), tint, mirror, keys, roughness=0.25)


def teeth(face: Face) -> list[Part]:
    """Upper teeth (fixed to the skull) and lower teeth (fixed to the jaw)."""
    line = face.rest[face.grid.mouth.upper]
    middle = line[len(line) // 2]
    upper, upper_tint = row(middle[1] + 0.105, middle[2] - 0.040, 1.0, flip=False)
    lower, lower_tint = row(middle[1] + 0.130, middle[2] - 0.004, 0.92, flip=True)
    keys: Keys = {"jawOpen": jaw_turn(lower)}
    for name, move in JAW_MOVES.items():
        keys[name] = np.tile(np.array(move), (len(lower), 1))
    keys["jawRight"] = keys["jawLeft"] * [-1.0, 1.0, 1.0]
    return [part_of("Teeth upper", upper, upper_tint, {}), part_of("Teeth lower", lower, lower_tint, keys)]
