"""The lip keys as strokes: eight handles on the lip line, drawn like an artist would.

Five handles are given (corner, upper middle, upper centre, lower middle, lower centre), each a displacement
``(outward, forward, up)``; the character's right side mirrors them or stays still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Vector = tuple[float, float, float]
STILL: Vector = (0.0, 0.0, 0.0)


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


def together(corner: Vector, mid: Vector, centre: Vector, **options: float | bool) -> Stroke:
    """A stroke that moves both lips alike and so keeps them closed."""
    return Stroke(corner, mid, centre, mid, centre, **options)


STROKES: dict[str, Stroke] = {
    "mouthFunnel": Stroke(
        corner=(-0.165, 0.05, 0.0),
        upper_mid=(-0.085, 0.11, 0.075),
        upper=(0.0, 0.13, 0.095),
        lower_mid=(-0.085, 0.10, -0.080),
        lower=(0.0, 0.12, -0.115),
    ),
    "mouthPucker": together((-0.185, 0.07, 0.0), (-0.115, 0.13, 0.0), (0.0, 0.155, 0.002)),
    "mouthSmileLeft": together(
        (0.125, -0.075, 0.145), (0.060, -0.03, 0.055), (0.006, 0.0, 0.012), one_sided=True
    ),
    "mouthFrownLeft": together(
        (0.035, -0.03, -0.125), (0.01, 0.0, -0.043), (0.0, 0.0, 0.003), one_sided=True
    ),
    "mouthDimpleLeft": together((0.085, -0.085, 0.02), (0.03, -0.03, 0.0), STILL, one_sided=True, reach=0.7),
    "mouthStretchLeft": Stroke(
        corner=(0.150, -0.065, -0.055),
        upper_mid=(0.065, -0.02, -0.008),
        lower_mid=(0.065, -0.02, -0.028),
        lower=(0.0, 0.0, -0.009),
        one_sided=True,
    ),
    "mouthRollLower": Stroke(
        lower_mid=(0.0, -0.065, 0.022), lower=(0.0, -0.075, 0.028), hold=0.12, reach=0.75
    ),
    "mouthRollUpper": Stroke(
        upper_mid=(0.0, -0.060, -0.022), upper=(0.0, -0.070, -0.028), hold=0.12, reach=0.9
    ),
    "mouthShrugLower": Stroke(
        corner=(0.0, 0.0, -0.01),
        upper_mid=(0.0, 0.02, 0.035),
        upper=(0.0, 0.03, 0.050),
        lower_mid=(0.0, 0.035, 0.035),
        lower=(0.0, 0.055, 0.050),
        reach=1.15,
    ),
    "mouthShrugUpper": Stroke(
        corner=(0.0, 0.0, -0.005),
        upper_mid=(0.0, 0.025, 0.030),
        upper=(0.0, 0.040, 0.045),
        lower_mid=(0.0, 0.02, 0.030),
        lower=(0.0, 0.02, 0.045),
    ),
    "mouthPressLeft": together(
        (0.02, -0.03, 0.005), (0.0, -0.030, 0.0), (0.0, -0.014, 0.0), one_sided=True, hold=0.1, reach=0.6
    ),
    "mouthLowerDownLeft": Stroke(
        corner=(0.01, 0.0, -0.015),
        lower_mid=(0.022, 0.012, -0.135),
        lower=(0.0, 0.01, -0.078),
        one_sided=True,
    ),
    "mouthUpperUpLeft": Stroke(
        corner=(0.01, -0.01, 0.012),
        upper_mid=(0.012, 0.0, 0.105),
        upper=(0.0, 0.0, 0.056),
        one_sided=True,
        hold=0.2,
        reach=0.95,
    ),
    "tongueOut": Stroke(
        corner=(-0.03, 0.0, -0.01),
        upper_mid=(0.0, 0.0, 0.020),
        upper=(0.0, 0.0, 0.030),
        lower_mid=(0.0, 0.01, -0.062),
        lower=(0.0, 0.02, -0.080),
    ),
}
"""Lip strokes; keys named Left are drawn for the left side and mirrored for the right."""

THINNED: dict[str, tuple[float, float]] = {
    "mouthRollLower": (0.0, 0.80),
    "mouthRollUpper": (0.80, 0.0),
    "mouthPressLeft": (0.62, 0.62),
}
"""Share by which the red of the upper and the lower lip grows thinner."""

Bump = tuple[Vector, float, Vector]
COMPANIONS: dict[str, tuple[Bump, ...]] = {
    "mouthSmileLeft": (((0.47, -0.72, -0.22), 0.20, (0.035, -0.055, 0.060)),),
    "mouthDimpleLeft": (((0.49, -0.66, -0.44), 0.07, (-0.035, 0.045, 0.0)),),
    "mouthFrownLeft": (((0.10, -0.85, -0.80), 0.14, (0.0, -0.015, 0.035)),),
    "mouthShrugLower": (((0.0, -0.88, -0.80), 0.17, (0.0, -0.030, 0.065)),),
    "mouthUpperUpLeft": (((0.22, -0.86, -0.25), 0.12, (0.01, -0.015, 0.040)),),
}
"""Soft tissue that follows a lip key (cheek apples, dimples, the chin's pad): centre, radius, move."""
