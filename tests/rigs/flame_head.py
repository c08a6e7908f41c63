"""A FLAME-shaped head made by this project: the demo face with numbered expression shapes and a jaw joint."""

from __future__ import annotations

import numpy as np
from rig_faces import demo

from mouthpiece.demo.character.skin import build_face
from mouthpiece.inference.types import INDEX
from mouthpiece.rigs.flame import FlameShape
from mouthpiece.rigs.surface import Surface

SIZE = 0.35
"""Mouth widths that the first expression component moves the skin by; later ones move it less and less."""


def flame_head(components: int, seed: int = 0) -> FlameShape:
    """Components mix the demo face's movements at random, as principal components mix expressions; the jaw's
    share of opening is taken out of them, since a FLAME head opens by its jaw."""
    face, rng = demo(), np.random.default_rng(seed)
    jaw = face.fields[INDEX["jawOpen"]]
    weights = np.clip(-jaw[:, 2] / -jaw[:, 2].min(), 0.0, 1.0)
    joint = np.array([0.0, 0.10, -0.25])
    others = np.delete(face.fields, [INDEX["jawOpen"], INDEX["mouthClose"]], axis=0)
    mixed, _ = np.linalg.qr(rng.normal(size=(len(others), len(others))))
    mixed = np.concatenate([mixed, 0.3 * rng.normal(size=(100, len(others)))])[:components]
    moves = np.tensordot(mixed, others, 1)
    fade = SIZE * face.width / np.sqrt(1.0 + np.arange(components))
    moves *= (fade / np.abs(moves).max(axis=(1, 2)))[:, None, None]
    eyes = [
        face.rest[np.concatenate([slit.upper, slit.lower])].mean(axis=0) for slit in build_face().grid.eyes
    ]
    keys = {f"Exp{i + 1}": move.astype(np.float32) for i, move in enumerate(moves)}
    return FlameShape(Surface(face.rest.astype(np.float32), keys), weights, joint, np.array(eyes))
