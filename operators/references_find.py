"""Finds performances in the scene: actions and NLA strips of the selection, or of a whole character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy

from ..rigs.character import same_character
from ..rigs.scene_read import MARK, face_slot, object_animation
from ..rigs.scene_read.performer import read_reading

FEWEST_CHANNELS = 3
"""Facial channels that an action must move to count as a performance when nobody has pointed at it."""


@dataclass(frozen=True)
class Found:
    """A performance: an action with its slot (identifier), and where it was found.

    ``first`` and ``last`` bound it in the action's own frames (None: all of it); ``speed`` is how many of the
    action's frames pass in one of the scene.
    """

    name: str
    action: bpy.types.Action
    slot: str
    source: bpy.types.Object | None = None
    first: float | None = None
    last: float | None = None
    speed: float = 1.0


def selected(context: bpy.types.Context) -> list[Found]:
    """What animates the selected objects: their actions and their selected NLA strips."""
    objects = context.selected_objects or [o for o in [context.view_layer.objects.active] if o]
    return _distinct(found for item in objects for found in _of_object(item, only_selected=True))


def of_character(context: bpy.types.Context, target: bpy.types.Object) -> list[Found]:
    """Every performance of the character around ``target``, and every action that fits a face in the file."""
    objects = [item for item in context.scene.objects if same_character(item, target)]
    found = [one for item in objects for one in _of_object(item, only_selected=False)]
    for action in bpy.data.actions:
        slot = None if MARK in action else face_slot(action, FEWEST_CHANNELS)
        if slot is not None and not any(one.action == action for one in found):
            found.append(Found(action.name, action, slot.identifier))
    return _distinct(found)


def topmost(item: bpy.types.Object) -> Found | None:
    """The performance that an object's shape keys show."""
    layer = object_animation(item)
    return _found(item, *layer) if layer else None


def _found(
    item: bpy.types.Object,
    action: bpy.types.Action,
    slot: bpy.types.ActionSlot | None,
    strip: bpy.types.NlaStrip | None = None,
) -> Found:
    """An action of an object: all of it, or what a strip plays of it, at the strip's speed.

    A strip without a slot has not been told of its action's frames.
    """
    name = strip.name if strip else action.name
    if strip is None or slot is None:
        return Found(name, action, slot.identifier if slot else "", item)
    first, last = strip.action_frame_start, strip.action_frame_end
    return Found(name, action, slot.identifier, item, first, last, 1.0 / (strip.scale or 1.0))


def _of_object(item: bpy.types.Object, *, only_selected: bool) -> Iterator[Found]:
    """The performances on an object's shape keys, or else on the object itself (bones, properties)."""
    key = getattr(item.data, "shape_keys", None)
    for block in (key, item):
        data = block.animation_data if block is not None else None
        if data is None:
            continue
        if data.action is not None and _holds_face(data.action, block, item):
            yield _found(item, data.action, data.action_slot)
        for track in data.nla_tracks:
            for strip in track.strips:
                if strip.action is None or not _holds_face(strip.action, block, item):
                    continue
                if only_selected and not strip.select:
                    continue
                yield _found(item, strip.action, strip.action_slot, strip)


def _holds_face(action: bpy.types.Action, block: bpy.types.ID, item: bpy.types.Object) -> bool:
    """Whether an action on a datablock of ``item`` may be a performance: it moves shape keys with known
    names, bones of an armature, or what the mapping of its character knows."""
    if MARK in action:
        return False
    if face_slot(action) is not None or getattr(block, "type", "") == "ARMATURE":
        return True
    return read_reading(action, "", item) is not None


def _distinct(found: Iterable[Found]) -> list[Found]:
    kept: dict[tuple[str, str, float | None, float | None], Found] = {}
    for one in found:
        kept.setdefault((one.action.name, one.slot, one.first, one.last), one)
    return list(kept.values())
