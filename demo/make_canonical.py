"""Measure the canonical landmarks on the demo character: ``python -m mouthpiece.demo.make_canonical``."""

from __future__ import annotations

import numpy as np

from ..inference.types import BLENDSHAPES
from ..rigs.canonical import FILE, SKIN
from ..rigs.lips import Lips, find_lips
from .character import build_parts
from .character.part import Part
from .character.skin import Face, build_face

PLACES: dict[str, tuple[float, float]] = {
    "noseTip": (0.0, -0.19), "noseLeft": (0.09, -0.25), "chin": (0.0, -0.80), "jawLeft": (0.32, -0.72),
    "cheekLeft": (0.46, -0.24), "browInnerLeft": (0.15, 0.42), "browMiddleLeft": (0.32, 0.47),
    "browOuterLeft": (0.48, 0.42),
}  # fmt: skip
"""Across and up, in the character's space, of what ``SKIN`` names; the right side is the mirror image."""


def lip_points(skin: Part) -> Lips:
    """The lips as they are found on any mesh."""
    lips = find_lips(skin.vertices, skin.keys["jawOpen"])
    if lips is None:
        raise ValueError("The demo character's lips do not part: look at its jawOpen.")
    return lips


def skin_points(face: Face, skin: Part) -> np.ndarray:
    """Vertices ``int [L]`` of ``SKIN``: lids from their slits, the rest the nearest vertex in front."""
    front = np.flatnonzero((skin.vertices[:, 1] < -0.3) & (np.arange(len(skin.vertices)) < len(face.closed)))
    found = []
    for name in SKIN:
        side = -1.0 if name.endswith("Right") else 1.0
        if "Lid" in name:
            slit = face.grid.eyes[0 if side > 0 else 1]
            row = slit.upper if name.startswith("upper") else slit.lower
            found.append(row[len(row) // 2])
            continue
        across, up = PLACES[name.replace("Right", "Left")]
        apart = skin.vertices[front][:, [0, 2]] - np.array([side * across, up])
        found.append(front[np.linalg.norm(apart, axis=1).argmin()])
    return np.array(found)


def measure() -> np.ndarray:
    """Displacements ``float32 [52, L, 3]`` of all landmarks in mouth widths and face axes."""
    skin, face = build_parts()[0], build_face()
    lips = lip_points(skin)
    points = np.concatenate([lips.vertices, skin_points(face, skin)])
    fields = np.stack([skin.keys[name] for name in BLENDSHAPES])
    return (fields[:, points] @ lips.axes.T / lips.width).astype(np.float32)


if __name__ == "__main__":
    np.savez_compressed(FILE, moves=measure())
    print(f"wrote {FILE}")
