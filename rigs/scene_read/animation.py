"""Blender's animation data: F-curves, layers, and where the sequencer plays a sound."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

SLACK = 1e-2
"""Share of a frame that frames of curves, which are single precision, may lack of a whole one."""
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


Layer = tuple[bpy.types.Action, bpy.types.ActionSlot | None, bpy.types.NlaStrip | None]
"""An action with its slot, and the strip that plays it (None for the one in use)."""


def animation_layers(datablock: bpy.types.ID) -> Iterator[Layer]:
    """What animates ``datablock``, topmost first, Mouthpiece's own left out."""
    data = datablock.animation_data
    if data is None:
        return
    if data.action is not None and MARK not in data.action:
        yield data.action, data.action_slot, None
    for track in reversed(data.nla_tracks):
        for strip in () if track.mute else track.strips:
            if strip.action is not None and not strip.mute and MARK not in strip.action:
                yield strip.action, strip.action_slot, strip


def animated(scene: bpy.types.Scene, path: str, frames: np.ndarray) -> np.ndarray | None:
    """A scene property's keyframes at scene ``frames [T]``, float64 [T]; None when it has none."""
    data = scene.animation_data
    if data is None or data.action is None:
        return None
    curve = next((c for c in curves_of(data.action, data.action_slot) if c.data_path == path), None)
    return None if curve is None else np.array([curve.evaluate(frame) for frame in frames])


def animation_of(datablock: bpy.types.ID) -> bpy.types.Action | None:
    """The action that ``datablock`` plays: its own, else the topmost strip's."""
    data = datablock.animation_data
    if data is None:
        return None
    strips = (strip for track in reversed(data.nla_tracks) for strip in track.strips if strip.action)
    return data.action or next((strip.action for strip in strips), None)


def baked_strips(datablock: bpy.types.ID) -> list[bpy.types.NlaStrip]:
    """The strips of ``datablock`` that play a bake of Mouthpiece, topmost first."""
    tracks = datablock.animation_data.nla_tracks if datablock.animation_data else ()
    strips = [strip for track in reversed(tracks) for strip in track.strips]
    return [strip for strip in strips if strip.action is not None and MARK in strip.action]


def baked_strip(datablock: bpy.types.ID, frame: float) -> bpy.types.NlaStrip | None:
    """The strip of Mouthpiece that plays at scene ``frame``; where none does, the topmost; None without any.

    A batch puts many lines side by side.
    """
    strips = baked_strips(datablock)
    playing = (s for s in strips if not s.mute and s.frame_start <= frame < s.frame_end)
    return next(playing, strips[0] if strips else None)


def frame_within(strip: bpy.types.NlaStrip, frame: float) -> float:
    """The frame of a strip's Action that scene ``frame`` shows; its ends hold."""
    within = strip.action_frame_start + (frame - strip.frame_start) / strip.scale
    return min(max(within, strip.action_frame_start), strip.action_frame_end)
