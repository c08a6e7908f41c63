"""The character around a target, and how it can be driven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from ...inference.errors import Message, RigError
from ..character import armature_of, same_character
from ..detect import Detection, detect
from ..mapping import Entry, Target, pose_values, poses, shape_keys
from ..pose import head_path
from ..rig import FaceKeys, Head, Rig
from .animation import is_driven
from .controls import read_controls
from .face_notes import hidden_notes, named_keys, no_match, obstacle, visibility_notes
from .flame import find_flame
from .mouth import with_mouth
from .table import has_table, stored_entries, unusable


def find_target(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character that the settings name, else the active object."""
    return context.scene.mouthpiece.target or context.view_layer.objects.active


def read_rig(
    scene: bpy.types.Scene,
    target: bpy.types.Object,
    head_target: bpy.types.Object | None = None,
    head_bone: str = "",
    *,
    seal: bool = True,
) -> Rig:
    """The character around ``target`` (a mesh, its armature or a parent) and how it can be driven.

    An artist's table on any of its objects decides, else names are detected. Without ``seal`` the mesh's lips
    are not looked for, which saves time where nothing will be baked. Raises RigError when nothing of
    the face can be animated, or the head cannot.
    """
    if target.name not in scene.objects:
        raise RigError(
            "{target} is not in the scene {scene}: choose a face of this scene.",
            target=target.name,
            scene=scene.name,
        )
    bpy.context.view_layer.update()  # scripts move objects without telling where they stand now
    members = character_objects(scene, target)
    meshes = [item for item in members if has_keys(item)]
    entries = stored_entries(members)
    controls, problems = read_controls(entries)
    problems += unusable(members)
    if not entries and problems:
        raise RigError(Message.joined(problems))
    if not meshes and not controls:
        raise RigError(
            Message.joined(problems)
            or Message(
                "{target} has no shape keys: select the face mesh, or add ARKit-named shape keys.",
                target=target.name,
            )
        )
    found = _detection(meshes, entries)
    flame = None if entries or not meshes else find_flame(meshes)
    if flame is not None:
        found = Detection("FLAME", 1.0, {**found.meshes, flame.mesh.name: flame.mapping}, {})
        controls, problems = list(flame.controls), flame.notes()
    faces, face_problems = _faces(meshes, found)
    problems += face_problems
    if not faces and not controls:
        raise RigError(Message.joined(problems) or no_match(target, meshes))
    notes = [note for face in faces for note in visibility_notes(bpy.data.objects[face.mesh], face)]
    if flame is not None and head_target is None and "neck" in flame.names.bones:
        head_target, head_bone = flame.armature, flame.names.bones["neck"]
    if head_target and head_target.name not in scene.objects:
        raise RigError(
            "The head {head} is not in the scene {scene}: choose another, or clear it.",
            head=head_target.name,
            scene=scene.name,
        )
    head_part = read_head(head_target, head_bone) if head_target else None
    if head_part is not None and is_driven(head_part.target, head_path(head_part)):
        notes.append(
            Message(
                "{item}: left alone since a driver turns {head}.",
                item=head_part.target.name,
                head=head_part.bone or head_part.target.name,
            )
        )
        head_part = None
    for control in controls:
        notes += hidden_notes(control.datablock, control.owner, [control.path])
    if head_part is not None:
        notes += hidden_notes(head_part.target, head_part.target.name, [head_path(head_part)])
    plain = Rig(
        target.name,
        faces,
        head_part,
        (*problems, *dict.fromkeys(notes)),
        tuple(controls),
        preset=found.preset,
        confidence=found.confidence,
    )
    if flame is not None:
        return replace(plain, seal=flame.solve.seal)
    return with_mouth(plain, members, found, seal)


def character_objects(scene: bpy.types.Scene, target: bpy.types.Object) -> list[bpy.types.Object]:
    """The objects of a character, ``target`` first, then by name."""
    members = [item for item in scene.objects if item.type == "MESH" and same_character(item, target)]
    carriers = {armature_of(item) for item in (target, *members)} - {None}
    others = sorted({*members, *carriers} - {target}, key=lambda item: item.name)
    return [target, *others]


def find_table(scene: bpy.types.Scene, target: bpy.types.Object) -> bpy.types.Object | None:
    """The object that holds the table of the character around ``target``: the first of its
    ``character_objects`` with one, found among those that hold tables, which is cheap enough to be drawn."""
    others = {item for item in scene.objects if has_table(item)} - {target}
    holders = [target, *sorted(others, key=lambda item: item.name)]
    return next((item for item in holders if has_table(item) and _belongs(scene, item, target)), None)


def _belongs(scene: bpy.types.Scene, item: bpy.types.Object, target: bpy.types.Object) -> bool:
    """Whether an object is one of the ``character_objects`` of ``target``."""
    if item == target or item == armature_of(target):
        return True
    if item.type == "MESH":
        return same_character(item, target)
    meshes = (mesh for mesh in scene.objects if mesh.type == "MESH" and armature_of(mesh) == item)
    return item.type == "ARMATURE" and any(same_character(mesh, target) for mesh in meshes)


def _detection(meshes: list[bpy.types.Object], entries: tuple[Entry, ...]) -> Detection:
    """What every mesh's keys follow: by the artist's table, else by their names."""
    names = {mesh.name: tuple(block.name for block in mesh.data.shape_keys.key_blocks[1:]) for mesh in meshes}
    if not entries:
        return detect(names)
    mappings = {mesh: shape_keys(entries, mesh, keys) for mesh, keys in names.items()}
    every = {key for keys in names.values() for key in keys}
    shown = {key: shows for key, shows in poses(entries).items() if key in every}
    return Detection("", 0.0, mappings, shown, pose_values(entries))


def _faces(meshes: list[bpy.types.Object], found: Detection) -> tuple[tuple[FaceKeys, ...], list[str]]:
    """The shape-key datablocks that a bake moves, and why others cannot be moved."""
    faces: dict[int, FaceKeys] = {}
    problems: list[str] = []
    for mesh in meshes:
        key, mapping = mesh.data.shape_keys, found.meshes[mesh.name]
        if key.as_pointer() in faces:
            continue
        blended = tuple(block.name for block in key.key_blocks[1:] if block.name in found.poses)
        if not (mapping.drives or blended):
            continue
        if reason := obstacle(mesh):
            problems.append(reason)
            continue
        drivers = key.animation_data.drivers if key.animation_data else ()
        driven = named_keys(drivers, (*mapping.drives, *blended))
        if driven:
            problems.append(
                Message(
                    "{mesh}: left alone since a driver moves them: {driven}.",
                    mesh=mesh.name,
                    driven=", ".join(driven),
                )
            )
            mapping = mapping.without(driven)
            blended = tuple(name for name in blended if name not in driven)
        if mapping.drives or blended:
            upper = {name: key.key_blocks[name].slider_max for name in (*mapping.drives, *blended)}
            faces[key.as_pointer()] = FaceKeys(key, mesh.name, mapping, upper, blended)
    return tuple(faces.values()), problems


def read_head(target: bpy.types.Object, bone: str = "") -> Head:
    """The head that ``target`` (an empty or another object), or a bone of it, turns. Raises RigError."""
    if not target.is_editable:
        raise RigError(
            "The head {target} is linked from a library: override it, or clear the head.",
            target=target.name,
        )
    if target.type == "ARMATURE" and bone not in target.pose.bones:
        reason = Message("has no bone {bone!r}", bone=bone) if bone else "is an armature"
        raise RigError("The head {target} {reason}: choose its head bone.", target=target.name, reason=reason)
    turned = target.pose.bones[bone] if target.type == "ARMATURE" else target
    if turned.rotation_mode == "AXIS_ANGLE":
        raise RigError(
            "The head {turned} turns by axis and angle: set its rotation mode to XYZ.", turned=turned.name
        )
    frame = np.array(turned.bone.matrix_local.to_3x3()) if target.type == "ARMATURE" else np.eye(3)
    return Head(target, bone if target.type == "ARMATURE" else "", turned.rotation_mode, frame)


def has_keys(mesh: bpy.types.Object) -> bool:
    return (
        mesh.type == "MESH" and mesh.data.shape_keys is not None and len(mesh.data.shape_keys.key_blocks) > 1
    )


def shape_key_names(objects: Iterable[bpy.types.Object]) -> tuple[str, ...]:
    """Names of all shape keys of a character, each once."""
    meshes = [item for item in objects if has_keys(item)]
    names = (block.name for mesh in meshes for block in mesh.data.shape_keys.key_blocks[1:])
    return tuple(dict.fromkeys(names))


def rig_entries(objects: Iterable[bpy.types.Object]) -> tuple[Entry, ...]:
    """What names alone say of a character, as entries of a table."""
    meshes = [item for item in objects if has_keys(item)]
    found = _detection(meshes, ())
    entries: dict[tuple[str, Target], Entry] = {}
    for mapping in found.meshes.values():
        for entry in mapping.entries():
            entries.setdefault((entry.channel, entry.target), entry)
    for key, shows in found.poses.items():
        for channel, gain in shows.items() or (("jawOpen", 0.0),):
            entry = Entry(channel, Target("POSE", "", key), gain)
            entries.setdefault((entry.channel, entry.target), entry)
    return tuple(entries.values())
