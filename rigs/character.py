"""Which objects make up one character: by armature, by parent, or by standing in the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import bpy


def same_character(mesh: bpy.types.Object, target: bpy.types.Object) -> bool:
    """Whether ``mesh`` belongs to the face of ``target``.

    One armature or one parent settles it. Meshes that only share a collection or a distant ancestor must
    also touch the target, since a scene keeps several characters in one collection.
    """
    if mesh == target or mesh.data == target.data or target in _ancestors(mesh):
        return True
    rig, own = armature_of(mesh), armature_of(target)
    if rig is not None and own is not None:
        return rig == own
    if mesh.parent is not None and mesh.parent == target.parent:
        return True
    related = _ancestors(mesh)[-1] == _ancestors(target)[-1] or set(mesh.users_collection) & set(
        target.users_collection
    )
    return bool(related) and _touch(mesh, target)


def _ancestors(item: bpy.types.Object) -> list[bpy.types.Object]:
    """The object and its parents, upwards."""
    line = [item]
    while line[-1].parent is not None:
        line.append(line[-1].parent)
    return line


def armature_of(item: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms or carries the object, or that it is."""
    carriers = (carrier for carrier in _ancestors(item) if carrier.type == "ARMATURE")
    return item.find_armature() or next(carriers, None)


def _touch(one: bpy.types.Object, other: bpy.types.Object) -> bool:
    """Whether the world-space bounding boxes of two objects meet."""
    boxes = []
    for item in (one, other):
        world = np.array(item.matrix_world)
        corners = np.array(item.bound_box) @ world[:3, :3].T + world[:3, 3]
        boxes.append((corners.min(axis=0), corners.max(axis=0)))
    (low, high), (other_low, other_high) = boxes
    return bool((low <= other_high).all() and (other_low <= high).all())
