"""The 52 ARKit shape keys of the face, left ones drawn and right ones mirrored."""

from __future__ import annotations

import numpy as np

from ...inference.types import BLENDSHAPES
from .fields import MIRROR
from .keys_eyes import GAZE_DRAG, POSES, lid_field
from .keys_face import BROW_BUMPS, JAW_MOVES, SKIN_BUMPS, jaw_open, jaw_shift, mouth_close, skin_bumps
from .keys_mouth import lip_field, sideways
from .part import Keys
from .skin import Face
from .strokes import STROKES


def drawn(face: Face, name: str) -> np.ndarray:
    """Displacement ``[V, 3]`` of a key that is drawn by hand (left or symmetric)."""
    if name == "jawOpen":
        return jaw_open(face)
    if name == "mouthClose":
        return mouth_close(face)
    if name == "mouthLeft":
        return sideways(face)
    if name in JAW_MOVES:
        return jaw_shift(face, JAW_MOVES[name])
    if name in STROKES:
        return lip_field(face, name)
    if name in POSES or name in GAZE_DRAG:
        return lid_field(face, name)
    if name in SKIN_BUMPS or name in BROW_BUMPS:
        return skin_bumps(face, name)
    raise KeyError(f"Shape key {name} has no drawing: add it to one of the keys_* modules.")


def face_keys(face: Face) -> Keys:
    """All 52 displacement fields in ARKit order."""
    keys: Keys = {}
    for name in BLENDSHAPES:
        if name.endswith("Right"):
            keys[name] = keys[name[: -len("Right")] + "Left"][face.mirror] * MIRROR
        else:
            keys[name] = drawn(face, name)
    return keys
