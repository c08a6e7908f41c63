"""Displacement fields of the lips: rounding, spreading, raising, lowering, rolling, pressing.

A key is drawn like an artist's: eight handles on the lip line, five of which are given (corner, upper middle,
upper centre, lower middle, lower centre; the other side mirrors or stays), each a displacement
``(outward, forward, up)``; a periodic curve joins them around ``nu`` and a reach fades them over ``mu``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import bump, ring, smoothstep
from .skin import Face

Vector = tuple[float, float, float]
STILL: Vector = (0.0, 0.0, 0.0)
INNER_FOLLOW = np.array([1.0, 1.0, 0.95, 0.70, 0.35, 0.08, 0.0, 0.0, 0.0, 0.0])
"""How much bag row k follows the lip line."""


@dataclass(frozen=True)
class Stroke:
    """One layer of a lip key; ``one_sided`` leaves the character's right side still."""

    corner: Vector = STILL
    upper_mid: Vector = STILL
    upper: Vector = STILL
    lower_mid: Vector = STILL
    lower: Vector = STILL
    one_sided: bool = False
    hold: float = 0.22
    reach: float = 1.0

    def handles(self) -> np.ndarray:
        """Handle displacements in world axes ``[8, 3]``, around the mouth from the left corner upward."""
        left = np.array([self.corner, self.upper_mid, self.upper, self.lower_mid, self.lower])
        world = np.stack([left[:, 0], -left[:, 1], left[:, 2]], axis=-1)
        right = world * [-1.0, 1.0, 1.0]
        if self.one_sided:
            right = np.zeros_like(right)
        corner, upper_mid, upper, lower_mid, lower = range(5)
        return np.array([
            world[corner], world[upper_mid], world[upper], right[upper_mid], right[corner],
            right[lower_mid], world[lower], world[lower_mid],
        ])  # fmt: skip


def reach_of(nu: np.ndarray) -> np.ndarray:
    """``mu`` at which a stroke of reach 1 dies away: far over the cheeks, near under the nose."""
    return ring(np.array([[1.55], [0.95], [0.52], [0.95], [1.55], [1.35], [1.15], [1.35]]), nu)[:, 0]


def inner_follow(face: Face) -> np.ndarray:
    """1 on the skin, fading along the bag ``[V]``."""
    return INNER_FOLLOW[np.minimum(np.abs(face.inner), len(INNER_FOLLOW) - 1)]


def stroke_field(face: Face, stroke: Stroke) -> np.ndarray:
    """Displacement ``[V, 3]`` of one stroke."""
    fade = 1.0 - smoothstep(0.0, 1.0, (face.mu - stroke.hold) / (reach_of(face.nu) * stroke.reach - stroke.hold))
    return ring(stroke.handles(), face.nu) * (fade * inner_follow(face))[:, None]


def both(**handles: Vector) -> Stroke:
    """A stroke that moves both lips alike and so keeps them closed: give corner, mid and centre."""
    mid, centre = handles["mid"], handles["centre"]
    return Stroke(handles["corner"], mid, centre, mid, centre)


STROKES: dict[str, tuple[Stroke, ...]] = {
    "mouthFunnel": (
        Stroke((-0.165, 0.05, 0.0), (-0.085, 0.11, 0.075), (0.0, 0.13, 0.095), (-0.085, 0.10, -0.080), (0.0, 0.12, -0.115)),
    ),
    "mouthPucker": (
        Stroke((-0.185, 0.07, 0.0), (-0.115, 0.13, 0.0), (0.0, 0.16, 0.002), (-0.115, 0.13, 0.0), (0.0, 0.15, 0.002)),
    ),
    "mouthLeft": (
        Stroke((0.13, -0.04, 0.01), (0.14, 0.0, 0.0), (0.14, 0.0, 0.0), (0.14, 0.0, 0.0), (0.14, 0.0, 0.0), True),
        Stroke((0.0, 0.0, 0.0), one_sided=True),
    ),
    "mouthSmileLeft": (
        Stroke((0.125, -0.075, 0.145), (0.060, -0.03, 0.055), (0.006, 0.0, 0.012), (0.060, -0.03, 0.055), (0.006, 0.0, 0.012), True),
    ),
    "mouthFrownLeft": (
        Stroke((0.035, -0.03, -0.125), (0.01, 0.0, -0.045), (0.0, 0.0, 0.0), (0.01, 0.0, -0.040), (0.0, 0.0, 0.006), True),
    ),
    "mouthDimpleLeft": (
        Stroke((0.085, -0.085, 0.02), (0.03, -0.03, 0.0), STILL, (0.03, -0.03, 0.0), STILL, True, reach=0.7),
    ),
    "mouthStretchLeft": (
        Stroke((0.150, -0.065, -0.055), (0.065, -0.02, 0.004), (0.0, 0.0, 0.008), (0.065, -0.02, -0.045), (0.0, 0.0, -0.022), True),
    ),
    "mouthRollLower": (
        Stroke(lower_mid=(0.0, -0.065, 0.022), lower=(0.0, -0.075, 0.028), hold=0.12, reach=0.75),
    ),
    "mouthRollUpper": (
        Stroke(upper_mid=(0.0, -0.060, -0.022), upper=(0.0, -0.070, -0.028), hold=0.12, reach=0.9),
    ),
    "mouthShrugLower": (
        Stroke((0.0, 0.0, -0.01), (0.0, 0.02, 0.035), (0.0, 0.03, 0.050), (0.0, 0.035, 0.035), (0.0, 0.055, 0.050), reach=1.15),
    ),
    "mouthShrugUpper": (
        Stroke((0.0, 0.0, -0.005), (0.0, 0.025, 0.030), (0.0, 0.040, 0.045), (0.0, 0.02, 0.030), (0.0, 0.02, 0.045)),
    ),
    "mouthPressLeft": (
        Stroke((0.02, -0.03, 0.005), (0.0, -0.030, 0.0), (0.0, -0.014, 0.0), (0.0, -0.030, 0.0), (0.0, -0.014, 0.0), True, hold=0.1, reach=0.6),
    ),
    "mouthLowerDownLeft": (
        Stroke((0.01, 0.0, -0.015), STILL, STILL, (0.022, 0.012, -0.135), (0.0, 0.01, -0.078), True),
    ),
    "mouthUpperUpLeft": (
        Stroke((0.01, -0.01, 0.012), (0.012, 0.0, 0.105), (0.0, 0.0, 0.056), STILL, STILL, True, hold=0.2, reach=0.95),
    ),
    "tongueOut": (
        Stroke((-0.03, 0.0, -0.01), (0.0, 0.0, 0.020), (0.0, 0.0, 0.030), (0.0, 0.01, -0.062), (0.0, 0.02, -0.080)),
    ),
}  # fmt: skip
"""Lip strokes; keys named Left are drawn for the left side and mirrored for the right."""


def lip_field(face: Face, name: str) -> np.ndarray:
    """Displacement ``[V, 3]`` of a lip key drawn above, with what it drags along in the cheeks and chin."""
    if name == "mouthLeft":
        return sideways(face)
    total = sum(stroke_field(face, stroke) for stroke in STROKES[name])
    if name in THINNED:
        total = total + thin(face, name)
    return total + companions(face, name)


THINNED: dict[str, tuple[float, float]] = {
    "mouthRollLower": (0.0, 0.80), "mouthRollUpper": (0.80, 0.0), "mouthPressLeft": (0.62, 0.62),
}  # fmt: skip
"""Share by which the red of the upper and the lower lip grows thinner."""


def thin(face: Face, name: str) -> np.ndarray:
    """Lips drawn in toward the line where they meet ``[V, 3]``; keys named Left only on that side."""
    upper, lower = THINNED[name]
    line = face.rest[face.grid.mouth.upper]
    level = np.interp(np.cos(face.nu), np.cos(face.nu[face.grid.mouth.upper]), line[:, 2])
    share = np.where(face.nu >= 0, upper, lower) * smoothstep(1.0, 0.0, (face.mu - 0.12) / (reach_of(face.nu) - 0.12))
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
    """Soft tissue that follows a lip key: raised cheek apples, dimples, the chin's pad."""
    skin = (face.inner == 0) * (1.0 - face.lid) * smoothstep(0.05, 0.5, face.mu)
    p = face.rest
    bumps: dict[str, tuple[tuple[Vector, float, Vector], ...]] = {
        "mouthSmileLeft": (((0.47, -0.72, -0.22), 0.20, (0.035, -0.055, 0.060)),),
        "mouthDimpleLeft": (((0.49, -0.66, -0.44), 0.07, (-0.035, 0.045, 0.0)),),
        "mouthFrownLeft": (((0.10, -0.85, -0.80), 0.14, (0.0, -0.015, 0.035)),),
        "mouthShrugLower": (((0.0, -0.88, -0.80), 0.17, (0.0, -0.030, 0.065)),),
        "mouthUpperUpLeft": (((0.22, -0.86, -0.25), 0.12, (0.01, -0.015, 0.040)),),
    }
    out = np.zeros_like(p)
    for centre, radius, move in bumps.get(name, ()):
        out += (bump(p, centre, radius) * skin)[:, None] * np.array(move)
    return out
