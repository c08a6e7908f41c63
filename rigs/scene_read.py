"""Reads Blender's animation data: the character around a target, and takes from its actions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import bpy
import numpy as np

from ..inference.errors import RigError, TakeError
from ..inference.types import HEAD, INDEX, SAMPLE_RATE, TICK_RATE, TICK_SAMPLES, Take, frame_times
from . import head, retarget
from .character import same_character
from .matching import Mapping, match
from .rig import FaceKeys, Head, Rig, TakeSource

MARK = "mouthpiece"
"""Custom property of every Action that Mouthpiece baked, so that it replaces only its own."""
STILL = 1e-4
"""A take whose channels all stay within this shows no motion."""

_VALUE = re.compile(r'key_blocks\["(.+)"\]\.value$')
_TURN = re.compile(r'(?:pose\.bones\["(.+)"\]\.)?(?:delta_)?(rotation_euler|rotation_quaternion)$')


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
    meshes = [mesh for mesh in scene.objects if _has_keys(mesh) and same_character(mesh, target)]
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


def animated(scene: bpy.types.Scene, path: str, frames: np.ndarray) -> np.ndarray | None:
    """A scene property's keyframes at scene ``frames [T]``, float64 [T]; None when it has none."""
    data = scene.animation_data
    if data is None or data.action is None:
        return None
    curve = next((c for c in curves_of(data.action, data.action_slot) if c.data_path == path), None)
    return None if curve is None else np.array([curve.evaluate(frame) for frame in frames])


def sound_starts(scene: bpy.types.Scene, sound: bpy.types.Sound) -> list[float]:
    """Scene frames at which the sequencer's strips of ``sound`` play its first sample."""
    strips = scene.sequence_editor.strips_all if scene.sequence_editor else ()
    found = [strip for strip in strips if strip.type == "SOUND" and strip.sound == sound]
    # 5.2 renamed the property.
    return sorted(
        strip.content_start if hasattr(strip, "content_start") else strip.frame_start for strip in found
    )


def animation_layers(datablock: bpy.types.ID) -> Iterator[tuple[bpy.types.Action, bpy.types.ActionSlot]]:
    """The (action, slot) pairs that animate ``datablock``, topmost first, Mouthpiece's own left out."""
    data = datablock.animation_data
    if data is None:
        return
    if data.action is not None and MARK not in data.action:
        yield data.action, data.action_slot
    for track in reversed(data.nla_tracks):
        for strip in () if track.mute else track.strips:
            if strip.action is not None and not strip.mute and MARK not in strip.action:
                yield strip.action, strip.action_slot


def object_animation(target: bpy.types.Object) -> tuple[bpy.types.Action, bpy.types.ActionSlot | None] | None:
    """The topmost action on the shape keys of ``target``'s mesh, in use or on an NLA strip."""
    key = target.data.shape_keys if _has_keys(target) else None
    return next(animation_layers(key), None) if key else None


def read_take(source: TakeSource) -> Take:
    """The performance of an action as a Take at 25 Hz. Raises TakeError when it holds none."""
    name = source.action.name
    if MARK in source.action:
        raise TakeError(
            f"The reference {name} is Mouthpiece's own bake: choose a captured or hand-made take."
        )
    curves, mapping = _face_curves(source)
    ranges = np.array([curve.range() for curve in curves.values()])
    first = ranges[:, 0].min() if source.first is None else source.first
    last = ranges[:, 1].max() if source.last is None else source.last
    clock = retarget.SceneClock(source.rate, float(first))
    count = int(np.floor((last - first) / source.rate * TICK_RATE + 1e-6))
    if count < 1:
        raise TakeError(
            f"The reference {name} is shorter than one model frame (40 ms): widen its frame range."
        )
    frames = clock.frames(frame_times(count))
    values = np.array([[curve.evaluate(frame) for curve in curves.values()] for frame in frames], np.float32)
    channels, known = retarget.to_channels(values, mapping)
    turns = _head_turns(source, frames)
    if turns is not None:
        channels[:, [INDEX[axis] for axis in HEAD]] = head.angles(turns)
        known[[INDEX[axis] for axis in HEAD]] = True
    if not np.isfinite(channels).all() or np.ptp(channels, axis=0).max() < STILL:
        raise TakeError(
            f"The reference {name} does not move in frames {first:g} to {last:g}: choose another range."
        )
    lead = round((float(first) - source.sound_frame) / source.rate * SAMPLE_RATE)
    audio = None if source.audio is None else retarget.cut(source.audio, lead, count * TICK_SAMPLES)
    return Take(channels, float(TICK_RATE), name, audio, known)


def _has_keys(mesh: bpy.types.Object) -> bool:
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


def curves_of(action: bpy.types.Action, slot: bpy.types.ActionSlot | None) -> Iterator[bpy.types.FCurve]:
    """All F-curves that ``action`` holds for ``slot``."""
    if slot is None:
        return
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                yield from bag.fcurves


def _face_curves(source: TakeSource) -> tuple[dict[str, bpy.types.FCurve], Mapping]:
    """The shape-key curves of a take that mean a channel, in the mapping's order."""
    action = source.action
    slots = [slot for slot in action.slots if source.slot in ("", slot.identifier, slot.name_display)]
    best: dict[str, bpy.types.FCurve] = {}
    mapping = Mapping({})
    for slot in slots:
        pairs = [(_VALUE.search(curve.data_path), curve) for curve in curves_of(action, slot)]
        curves = {bpy.utils.unescape_identifier(found[1]): curve for found, curve in pairs if found}
        candidate = match(curves)
        if len(candidate.drives) > len(mapping.drives):
            best, mapping = curves, candidate
    if not mapping.drives:
        where = f" in slot {source.slot}" if source.slot else ""
        raise TakeError(f"The reference {action.name} has no facial shape-key curves{where}: choose another.")
    return {name: best[name] for name in mapping.drives}, mapping


def _head_turns(source: TakeSource, frames: np.ndarray) -> np.ndarray | None:
    """Head rotations [T, 3, 3] of the mapped head's rotation curves in the action, None without any."""
    bone = source.head.bone if source.head else ""
    order = source.head.mode if source.head and source.head.mode != "QUATERNION" else "XYZ"
    frame = source.head.frame if source.head else np.eye(3)
    for slot in source.action.slots:
        found: dict[str, dict[int, bpy.types.FCurve]] = {}
        for curve in curves_of(source.action, slot):
            path = _TURN.match(curve.data_path)
            if path and bpy.utils.unescape_identifier(path[1] or "") == bone:
                found.setdefault(path[2], {})[curve.array_index] = curve
        for kind, axes in found.items():
            size = 4 if kind == "rotation_quaternion" else 3
            values = np.array(
                [[axes[i].evaluate(f) if i in axes else 0.0 for i in range(size)] for f in frames]
            )
            turns = head.from_quaternions(values) if size == 4 else head.from_eulers(values, order)
            return head.in_frame(turns, frame.T)
    return None
