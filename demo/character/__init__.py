"""Poppy: an original stylised bust, all of it numpy geometry made by this package."""

from __future__ import annotations

from .body import ears, jumper
from .brows import brows
from .eyes import eyeballs, glints, lashes
from .hair import buns, cap
from .keys import face_keys
from .part import Part
from .skin import build_face, colours
from .teeth import teeth
from .tongue import tongue


def build_parts() -> list[Part]:
    """Every mesh of the character, the face first."""
    face = build_face()
    skin = Part("Face", face.rest, face.faces, colours(face), face.mirror, face_keys(face), roughness=0.45)
    soft = [lashes(face), brows(), *teeth(face), tongue(face)]
    return [skin, eyeballs(), glints(), *soft, ears(), cap(), *buns(), jumper()]
