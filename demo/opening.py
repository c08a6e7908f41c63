"""Lip opening of the baked character, measured on its mesh as Blender evaluates it."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np

from .character.mouth import lip_gap, lip_rows
from .character.skin import build_face


def measure_opening(target: bpy.types.Object, last: int, progress: Callable[[float], None]) -> np.ndarray:
    """Inner-lip opening at frames 1 … last, ``float64 [last]``, in shares of the mouth's width at rest."""
    face = build_face()
    upper, lower = lip_rows(face.grid, len(face.closed))
    corners = face.rest[face.grid.mouth.upper[[0, -1]]]
    width = float(np.linalg.norm(corners[1] - corners[0]))
    scene = bpy.context.scene
    points = np.empty(len(face.rest) * 3, np.float32)
    opening = np.empty(last)
    for frame in range(1, last + 1):
        scene.frame_set(frame)
        shown = target.evaluated_get(bpy.context.evaluated_depsgraph_get())
        shown.data.vertices.foreach_get("co", points)
        opening[frame - 1] = lip_gap(points.reshape(-1, 3), upper, lower).mean() / width
        progress(frame / last)
    return opening
