"""The Mandarin set: one speaker's Maya controls, mapped by name and by hand to ARKit coefficients.

Controls are one-sided or central sliders in 0..1. ``mouth_stretch_c`` is the rig's vertical stretch of the
mouth, the only control that follows loudness: it opens the jaw. ``mouth_oh`` and ``mouth_oo`` are
viseme sliders (rounded open, rounded narrow), ``mouth_suck`` rolls the lips in.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...inference.errors import TakeError
from ...inference.types import INDEX, C

LAG_SECONDS = 1 / 60
"""The motion is late. The set's notes say about one frame (1/30 s); closures against dips of loudness
and the lag in ``checks.py``, compared with the GRID speaker whose phones confirm his sync, say half of it."""
_SIDES = (("l", "Left"), ("r", "Right"))
CENTRAL: dict[str, dict[str, float]] = {
    "mouth_stretch_c": {"jawOpen": 0.9},
    "tooth_d_d": {"jawOpen": 0.3},
    "mouth_oh_c": {"mouthFunnel": 0.6, "jawOpen": 0.15},
    "mouth_oo_c": {"mouthPucker": 0.8, "mouthFunnel": 0.2},
    "mouth_chinRaise_u": {"mouthShrugUpper": 1.0},
    "jaw_sideways_l": {"jawLeft": 1.0},
}
SIDED: dict[str, dict[str, float]] = {
    "mouth_dimple": {"mouthDimple": 1.0},
    "mouth_lipCornerPullOpen": {"mouthSmile": 1.0},
    "mouth_lipCornerPull": {"mouthSmile": 1.0},
    "mouth_lipStretch": {"mouthStretch": 1.0},
    "mouth_lowerLipDepress": {"mouthLowerDown": 1.0},
    "mouth_press": {"mouthPress": 1.0},
    "mouth_upperLipRaise": {"mouthUpperUp": 1.0},
    "nose_wrinkle": {"noseSneer": 1.0},
}
HALVES: dict[str, dict[str, float]] = {
    "mouth_funnel_d": {"mouthFunnel": 0.25},
    "mouth_funnel_u": {"mouthFunnel": 0.25},
    "mouth_pucker_": {"mouthPucker": 0.5},
    "mouth_suck_d": {"mouthRollLower": 0.5},
    "mouth_suck_u": {"mouthRollUpper": 0.5},
}
"""Left and right controls that together drive one central coefficient."""
MEASURED = tuple(
    name
    for name in INDEX
    if name.startswith(("jaw", "mouth", "nose"))
    and name not in ("jawForward", "mouthClose", "mouthShrugLower")
)
"""What the rig's animator could set and the mapping reads."""


def mapping(names: list[str]) -> np.ndarray:
    """``float32 [controls, 55]``. Raises TakeError when a mapped control is missing."""
    matrix = np.zeros((len(names), C), np.float32)
    rows: list[tuple[str, str, float]] = [(c, t, w) for c, to in CENTRAL.items() for t, w in to.items()]
    for letter, side in _SIDES:
        rows += [(f"{c}_{letter}", t + side, w) for c, to in SIDED.items() for t, w in to.items()]
        rows += [(f"{c}{letter}", t, w) for c, to in HALVES.items() for t, w in to.items()]
    for control, channel, weight in rows:
        if control not in names:
            raise TakeError(f"facegood: control {control!r} is missing in names.npy; fetch the set again")
        matrix[names.index(control), INDEX[channel]] += weight
    return matrix


def read_maya(path: Path, names: list[str]) -> tuple[np.ndarray, float]:
    """Channels ``float32 [T, 55]`` of one take and its frame rate."""
    with np.load(path, allow_pickle=False) as z:
        channels = z["controls"] @ mapping(names)
        return np.clip(channels, 0, 1).astype(np.float32), float(z["fps"])
