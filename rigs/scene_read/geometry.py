"""Meshes as arrays."""

from __future__ import annotations

import bpy
import numpy as np

from ..surface import Surface


def read_surface(mesh: bpy.types.Object) -> Surface:
    """Rest positions of a mesh with shape keys, and what every key adds to the key it is relative to."""
    blocks = mesh.data.shape_keys.key_blocks
    places = {block.name: _places(block) for block in blocks}
    rest = places[mesh.data.shape_keys.reference_key.name]
    moves = {
        block.name: places[block.name] - places[block.relative_key.name]
        for block in blocks
        if block != mesh.data.shape_keys.reference_key
    }
    return Surface(rest, moves)


def _places(block: bpy.types.ShapeKey) -> np.ndarray:
    values = np.empty(len(block.points) * 3, np.float32)
    block.points.foreach_get("co", values)  # ``data`` would take several times as long
    return values.reshape(-1, 3)
