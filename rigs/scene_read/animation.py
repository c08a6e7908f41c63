"""Blender's animation data: F-curves, layers, and where the sequencer plays a sound."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from ...inference.errors import Message

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
    """A scene property's keyframes at scene ``frames [T]`` as Blender shows them, within its range,
    float64 [T]; None when it has none."""
    data = scene.animation_data
    if data is None or data.action is None:
        return None
    curve = _curve(data.action, data.action_slot, path)
    if curve is None:
        return None
    setting = _setting(scene, path)
    values = np.array([curve.evaluate(frame) for frame in frames])
    return np.clip(values, setting.hard_min, setting.hard_max)


def unread(scene: bpy.types.Scene, path: str) -> Iterator[str]:
    """What moves a scene property and is not among its keyframes that ``animated`` reads."""
    data = scene.animation_data
    if data is None:
        return
    told = {"setting": _setting(scene, path).name, "scene": scene.name, "value": scene.path_resolve(path)}
    if is_driven(scene, path):
        yield Message(
            "{setting} of {scene} has a driver, which a bake does not follow: it keeps {value:.2f} "
            "throughout; key it instead.",
            **told,
        )
    if not data.use_nla or (data.action and _curve(data.action, data.action_slot, path)):
        return
    for action, slot, strip in animation_layers(scene):
        if strip is not None and _curve(action, slot, path):
            yield Message(
                "The keys of {setting} lie on the NLA strip {strip} of {scene}, which a bake does not "
                "follow: it keeps {value:.2f} throughout; make the strip's action that of the scene again.",
                strip=strip.name,
                **told,
            )
            return


def _curve(action: bpy.types.Action, slot: bpy.types.ActionSlot | None, path: str) -> bpy.types.FCurve | None:
    """The first F-curve of a data path that is not muted."""
    return next((c for c in curves_of(action, slot) if c.data_path == path and not c.mute), None)


def _setting(scene: bpy.types.Scene, path: str) -> bpy.types.FloatProperty:
    """What is known of a scene property: its name and its range."""
    owner, _, name = path.rpartition(".")
    return scene.path_resolve(owner).bl_rna.properties[name]


def is_driven(block: bpy.types.ID, path: str) -> bool:
    """Whether a driver moves anything of a data path."""
    data = block.animation_data
    return data is not None and any(curve.data_path == path for curve in data.drivers)


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
