"""Blender's animation data: F-curves, layers, and where the sequencer plays a sound."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

MARK = "mouthpiece"
"""Custom property of every Action that Mouthpiece baked, so that it replaces only its own."""
OWNER = "mouthpiece_owner"
"""Custom property of an imported Action that points to the character whose names it has."""


def curves_of(action: bpy.types.Action, slot: bpy.types.ActionSlot | None) -> Iterator[bpy.types.FCurve]:
    """All F-curves that ``action`` holds for ``slot``."""
    if slot is None:
        return
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                yield from bag.fcurves


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


def animation_of(datablock: bpy.types.ID, mark: str = "") -> bpy.types.Action | None:
    """The action that ``datablock`` plays: the topmost strip's whose action has the property ``mark``, else
    the topmost of all."""
    data = datablock.animation_data
    if data is None:
        return None
    strips = [strip for track in reversed(data.nla_tracks) for strip in track.strips if strip.action]
    marked = (strip.action for strip in strips if mark and mark in strip.action)
    return next(marked, data.action or next((strip.action for strip in strips), None))


def baked_action(datablock: bpy.types.ID) -> bpy.types.Action | None:
    """The topmost action of Mouthpiece on ``datablock``, None without one."""
    action = animation_of(datablock, MARK)
    return action if action is not None and MARK in action else None
