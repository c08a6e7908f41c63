"""Keyframes of a scene's own properties, which go along when the properties are copied or renumbered."""

from __future__ import annotations

import re
from collections.abc import Iterator

import bpy

from ..inference.errors import RigError

_POINT = (
    "co",
    "handle_left",
    "handle_right",
    "handle_left_type",
    "handle_right_type",
    "interpolation",
    "easing",
    "amplitude",
    "back",
    "period",
    "type",
)
"""What a keyframe is, apart from its selection. Handles come before their types, which would move them."""


def keyed(scene: bpy.types.Scene, path: str) -> bool:
    """Whether the property at ``path`` has keyframes."""
    return any(curve.data_path == path for _, curve in _curves(scene))


def copy_keys(scene: bpy.types.Scene, source: str, target: str) -> None:
    """Let the property at ``target`` have the keys of the one at ``source``, or none where that has none.

    Raises RigError when they are linked from another file.
    """
    found = [(bag, curve) for bag, curve in _curves(scene) if curve.data_path in (source, target)]
    if not found:
        return
    _check(scene)
    for bag, curve in found:
        if curve.data_path == target:
            bag.fcurves.remove(curve)
    for bag, curve in [(bag, curve) for bag, curve in _curves(scene) if curve.data_path == source]:
        _fill(bag.fcurves.new(target), curve)


def forget_item(scene: bpy.types.Scene, collection: str, index: int) -> None:
    """Remove the keys of an item that leaves ``collection``; those behind it move up with theirs.

    Raises RigError when they are linked from another file.
    """
    pattern = re.compile(re.escape(collection) + r"\[(\d+)\](.*)")
    found = [(bag, curve, pattern.fullmatch(curve.data_path)) for bag, curve in _curves(scene)]
    found = [(bag, curve, match) for bag, curve, match in found if match and int(match[1]) >= index]
    if found:
        _check(scene)
    for bag, curve, match in found:
        if int(match[1]) == index:
            bag.fcurves.remove(curve)
        else:
            curve.data_path = f"{collection}[{int(match[1]) - 1}]{match[2]}"


def _curves(
    scene: bpy.types.Scene,
) -> Iterator[tuple[bpy.types.ActionChannelbag, bpy.types.FCurve]]:
    """The F-curves of ``scene``, each with the bag that holds it."""
    data = scene.animation_data
    if data is None or data.action is None or data.action_slot is None:
        return
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot)
            yield from [(bag, curve) for curve in bag.fcurves] if bag else ()


def _check(scene: bpy.types.Scene) -> None:
    action = scene.animation_data.action
    if not action.is_editable:
        raise RigError(f"{action.name}, which keys {scene.name}, is linked from another file: make it local.")


def _fill(curve: bpy.types.FCurve, source: bpy.types.FCurve) -> None:
    """Make a new curve like ``source``."""
    curve.extrapolation, curve.mute = source.extrapolation, source.mute
    curve.keyframe_points.add(len(source.keyframe_points))
    for point, given in zip(curve.keyframe_points, source.keyframe_points, strict=True):
        for name in _POINT:
            setattr(point, name, getattr(given, name))
    for given in source.modifiers:
        made = curve.modifiers.new(given.type)
        for prop in given.bl_rna.properties:
            if not prop.is_readonly and prop.identifier != "type":
                setattr(made, prop.identifier, getattr(given, prop.identifier))
    curve.update()
