"""Displacement fields of the lids, and what the lashes make of them."""

from __future__ import annotations

import numpy as np

from .fields import rotate_z
from .keys_face import bump_field
from .lids import NEUTRAL, LidPose, lash_strip
from .shape import EYE
from .skin import Face

POSES: dict[str, LidPose] = {
    "eyeBlinkLeft": LidPose(0.0, 0.0),
    "eyeSquintLeft": LidPose(29.0, -1.0),
    "eyeWideLeft": LidPose(56.0, -17.0),
    "eyeLookUpLeft": LidPose(46.0, -9.0),
    "eyeLookDownLeft": LidPose(31.0, -14.0),
}
"""Pose of the left lids at value 1 of each key; the gaze drags them along."""
GAZE_DRAG = {"eyeLookInLeft": np.radians(-4.0), "eyeLookOutLeft": np.radians(4.0)}
"""Sideways turn of the lids about the eyeball, radians toward the character's left."""


def lid_field(face: Face, name: str) -> np.ndarray:
    """Displacement ``[V, 3]`` of a left-eye key on the face."""
    if name in GAZE_DRAG:
        left = face.lid * (face.rest[:, 0] > 0)
        return (rotate_z(face.rest, EYE, GAZE_DRAG[name]) - face.rest) * left[:, None]
    delta = face.with_lids(POSES[name], NEUTRAL) - face.rest
    if name == "eyeSquintLeft":
        cheek = (((0.38, -0.82, -0.20), 0.13, (0.0, -0.015, 0.035)),)
        delta += bump_field(face.rest, cheek) * ((1.0 - face.lid) * (face.inner == 0))[:, None]
    return delta


def lash_rest(face: Face) -> np.ndarray:
    """Left lashes ``[L, 3]`` on the neutral face."""
    return lash_strip(face.rest, face.grid, 0)


def lash_field(face: Face, name: str) -> np.ndarray:
    """Displacement ``[L, 3]`` of the left lashes: they ride on the lid's edge."""
    return lash_strip(face.rest + lid_field(face, name), face.grid, 0) - lash_rest(face)
