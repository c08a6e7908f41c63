"""The character around a target, and how it can be driven."""

from __future__ import annotations

import re
from collections.abc import Iterable

import bpy
import numpy as np

from ...inference.errors import RigError
from ..character import same_character
from ..mapping import Mapping
from ..matching import match
from ..rig import FaceKeys, Head, Rig
from .animation import curves_of

_VALUE = re.compile(r'key_blocks\["(.+)"\]\.value$')


def find_target(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character that the settings name, else the active object."""
    return context.scene.mouthpiece.target or context.view_layer.objects.active


def read_rig(
    scene: bpy.types.Scene,
    target: bpy.types.Object,
    head_target: bpy.types.Object | None = None,
    head_bone: str = "",
) -> Rig:
    """The character around ``target`` (a mesh, its armature or a parent) and how it can be driven.

    Raises RigError when no shape key can be animated, or the head cannot.
    """
    if target.name not in scene.objects:
        raise RigError(f"{target.name} is not in the scene {scene.name}: choose a face of this scene.")
    bpy.context.view_layer.update()  # scripts move objects without telling where they stand now
    meshes = [mesh for mesh in scene.objects if has_keys(mesh) and same_character(mesh, target)]
    if not meshes:
        raise RigError(
            f"{target.name} has no shape keys: select the face mesh, or add ARKit-named shape keys."
        )
    faces: dict[int, FaceKeys] = {}
    notes: list[str] = []
    problems: list[str] = []
    for mesh in sorted(meshes, key=lambda mesh: (mesh != target, mesh.name)):
        key = mesh.data.shape_keys
        if key.as_pointer() in faces:
            continue
        mapping = match(block.name for block in key.key_blocks[1:])
        if mapping.drives and (obstacle := _obstacle(mesh)):
            problems.append(obstacle)
            continue
        driven = _named(key.animation_data.drivers, mapping) if key.animation_data else []
        if driven:
            problems.append(f"{mesh.name}: left alone since a driver moves them: {', '.join(driven)}.")
            mapping = mapping.without(driven)
        if mapping.drives:
            upper = {name: key.key_blocks[name].slider_max for name in mapping.drives}
            faces[key.as_pointer()] = FaceKeys(key, mesh.name, mapping, upper)
            notes += _visibility_notes(mesh, mapping)
    if not faces:
        raise RigError(" ".join(problems) or _no_match(target, meshes))
    head_part = read_head(head_target, head_bone) if head_target else None
    return Rig(target.name, tuple(faces.values()), head_part, (*problems, *notes))


def read_head(target: bpy.types.Object, bone: str = "") -> Head:
    """The head that ``target`` (an empty or another object), or a bone of it, turns. Raises RigError."""
    if not target.is_editable:
        raise RigError(f"The head {target.name} is linked from a library: override it, or clear the head.")
    if target.type == "ARMATURE" and bone not in target.pose.bones:
        reason = f"has no bone {bone!r}" if bone else "is an armature"
        raise RigError(f"The head {target.name} {reason}: choose its head bone.")
    turned = target.pose.bones[bone] if target.type == "ARMATURE" else target
    if turned.rotation_mode == "AXIS_ANGLE":
        raise RigError(f"The head {turned.name} turns by axis and angle: set its rotation mode to XYZ.")
    frame = np.array(turned.bone.matrix_local.to_3x3()) if target.type == "ARMATURE" else np.eye(3)
    return Head(target, bone if target.type == "ARMATURE" else "", turned.rotation_mode, frame)


def has_keys(mesh: bpy.types.Object) -> bool:
    return (
        mesh.type == "MESH" and mesh.data.shape_keys is not None and len(mesh.data.shape_keys.key_blocks) > 1
    )


def _obstacle(mesh: bpy.types.Object) -> str:
    """Why no shape key of a mesh can be animated, "" when they can."""
    key = mesh.data.shape_keys
    if not key.is_editable:
        return f"{mesh.name}: its shape keys are linked from a library; override its mesh or make it local."
    if not key.use_relative:
        return f"{mesh.name}: its shape keys are absolute; turn on Relative in Shape Keys to animate it."
    if key.animation_data is not None and key.animation_data.use_tweak_mode:
        return f"{mesh.name}: an NLA strip is in tweak mode; leave it (Tab in the NLA editor) to bake."
    return ""


def _named(curves: Iterable[bpy.types.FCurve], mapping: Mapping) -> list[str]:
    """The mapping's shape keys that ``curves`` (F-curves or drivers) move."""
    paths = [_VALUE.match(curve.data_path) for curve in curves]
    moved = {bpy.utils.unescape_identifier(path[1]) for path in paths if path}
    return [name for name in mapping.drives if name in moved]


def _visibility_notes(mesh: bpy.types.Object, mapping: Mapping) -> list[str]:
    """Why a baked face would not show its motion, or not all of it."""
    key, notes = mesh.data.shape_keys, []
    muted = [name for name in mapping.drives if key.key_blocks[name].mute]
    if muted:
        notes.append(f"{mesh.name}: muted shape keys will not show: {', '.join(muted)}.")
    if mesh.show_only_shape_key:
        notes.append(f"{mesh.name}: a pinned shape key hides all others; unpin it to see the motion.")
    data = key.animation_data
    if data is not None and data.action is not None:
        hidden = _named(curves_of(data.action, data.action_slot), mapping)
        if hidden:
            notes.append(
                f"{mesh.name}: its action {data.action.name} lies above the Mouthpiece track and hides it on "
                f"{len(hidden)} shape keys; push it down or unlink it to see the bake."
            )
    if data is not None and (not data.use_nla or any(track.is_solo for track in data.nla_tracks)):
        notes.append(
            f"{mesh.name}: its NLA is switched off or plays another track solo, which hides the bake."
        )
    return notes


def _no_match(target: bpy.types.Object, meshes: list[bpy.types.Object]) -> str:
    names = [block.name for mesh in meshes for block in mesh.data.shape_keys.key_blocks[1:]]
    shown = ", ".join(names[:3])
    return (
        f"None of the {len(names)} shape keys of {target.name} ({shown}…) is named like a facial movement: "
        "use ARKit names such as jawOpen or Mouth_Smile_L."
    )
