"""What bones and properties do to a mesh, seen on the mesh itself: moved a little, evaluated, and put back.

So whatever stands between a control and the skin counts: weights, constraints, drivers, other modifiers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import bpy
import numpy as np

from ...inference.types import BLENDSHAPES, INDEX, C
from ..mapping import PoseValue
from ..matching import MOUTH
from ..pose import Curves, control_curves, pose, value_path
from ..rig import Rig
from ..scene_values import kept, show_pose
from ..surface import Surface
from .geometry import read_surface

STEP = 0.25
"""How far a movement is made to see what it moves: closures happen in its first part, and turns bend."""
DEFORMING = {
    "ARMATURE", "CAST", "CORRECTIVE_SMOOTH", "CURVE", "DISPLACE", "HOOK", "LAPLACIANDEFORM",
    "LAPLACIANSMOOTH", "LATTICE", "MESH_DEFORM", "SHRINKWRAP", "SIMPLE_DEFORM", "SMOOTH",
    "SURFACE_DEFORM", "WARP", "WAVE",
}  # fmt: skip
"""Modifiers that move vertices and make none."""


def moves_mouth(rig: Rig) -> bool:
    """Whether any bone or property of the rig follows the mouth."""
    return bool(_followed(rig))


def moved_surface(mesh: bpy.types.Object, rig: Rig, laid: dict[str, PoseValue]) -> Surface | None:
    """The surface of ``mesh`` with what the controls of ``rig`` add to it, at rest under the mapping; the
    poses in ``laid`` rest at other values than 0. None where Blender shows no such mesh (it is hidden, in
    Edit Mode, or made by modifiers)."""
    if not mesh.visible_get() or mesh.mode == "EDIT":
        return None
    rest = np.zeros((1, C), np.float32)
    still = [*pose(replace(rig, head=None, seal=None, reduction=None, faces=()), rest), *_resting(rig, laid)]
    with kept(still), _bare(mesh):
        places = _evaluated(mesh)
        own = _own(mesh, places)
        if own is None:
            return None
        moves = {}
        for channel in _followed(rig):
            rest[0] = np.eye(C)[INDEX[channel]] * STEP
            show_pose([control_curves(control, rest) for control in rig.controls])
            moves[channel] = (_evaluated(mesh) - places) / STEP
    turn = _turn(own.rest, places, sum(np.linalg.norm(move, axis=1) for move in moves.values()))
    return Surface(places @ turn, own.moves, {channel: move @ turn for channel, move in moves.items()})


def _followed(rig: Rig) -> list[str]:
    """Channels of the mouth that bones or properties follow."""
    found = {channel for control in rig.controls for channel in control.affine.channels}
    return [name for name in BLENDSHAPES if name in found & MOUTH]


def _resting(rig: Rig, laid: dict[str, PoseValue]) -> Iterator[Curves]:
    """The shape keys of every face at rest."""
    for face in rig.faces:
        names = (*face.mapping.drives, *face.poses)
        values = [face.mapping.offsets.get(name, 0.0) for name in face.mapping.drives]
        values += [laid[name].rest if name in laid else 0.0 for name in face.poses]
        paths = tuple((value_path(name), 0) for name in names)
        yield Curves(face.key, "KEY", face.mesh, paths, np.array([values], np.float32))


def _own(mesh: bpy.types.Object, places: np.ndarray) -> Surface | None:
    """The mesh before its modifiers; None where they make another number of vertices."""
    if mesh.data.shape_keys is not None:
        own = read_surface(mesh)
    else:
        rest = np.empty(len(mesh.data.vertices) * 3, np.float32)
        mesh.data.vertices.foreach_get("co", rest)
        own = Surface(rest.reshape(-1, 3), {})
    return own if len(own.rest) == len(places) and np.isfinite(places).all() else None


def _evaluated(mesh: bpy.types.Object) -> np.ndarray:
    """Vertices ``float64 [V, 3]`` as Blender shows them, in the object's own space."""
    bpy.context.view_layer.update()
    shown = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(len(shown.vertices) * 3, np.float32)
    shown.vertices.foreach_get("co", values)
    return values.reshape(-1, 3).astype(np.float64)


@contextmanager
def _bare(mesh: bpy.types.Object) -> Iterator[None]:
    """Without the modifiers that make vertices, if there are any."""
    makers = [m for m in mesh.modifiers if m.show_viewport and m.type not in DEFORMING]
    for modifier in makers:
        modifier.show_viewport = False
    try:
        yield
    finally:
        for modifier in makers:
            modifier.show_viewport = True


def _turn(rest: np.ndarray, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rotation ``[3, 3]`` that brings ``places [V, 3]`` (as rows, from the right) back to how the mesh
    was modelled, where ``weights [V]`` count: a turned head turns its lips (W. Kabsch, 1976)."""
    weights = np.asarray(weights, np.float64) + 1e-9
    weights = weights / weights.sum()
    before, now = rest - weights @ rest, places - weights @ places
    left, _, right = np.linalg.svd((now * weights[:, None]).T @ before)
    mirror = np.sign(np.linalg.det(left @ right))
    return left @ np.diag([1.0, 1.0, mirror]) @ right
