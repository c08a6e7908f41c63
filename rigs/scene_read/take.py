"""Takes: the performance that an action holds, read back into canonical channels."""

from __future__ import annotations

import re
from collections.abc import Iterator

import bpy
import numpy as np

from ...inference.errors import Message, TakeError
from ...inference.types import HEAD, INDEX, SAMPLE_RATE, TICK_RATE, TICK_SAMPLES, Take, frame_times
from .. import head, retarget
from ..character import armature_of
from ..rig import TakeSource
from .animation import MARK, SLACK, Layer, animation_layers, curves_of
from .character import has_keys
from .performer import action_owner, read_reading

STILL = 1e-4
"""A take whose channels all stay within this shows no motion."""

_TURN = re.compile(r'(?:pose\.bones\["(.+)"\]\.)?((?:delta_)?rotation_(?:euler|quaternion))$')


def object_animation(target: bpy.types.Object) -> Layer | None:
    """The topmost action on the shape keys of ``target``'s mesh, in use or on an NLA strip."""
    key = target.data.shape_keys if has_keys(target) else None
    return next(animation_layers(key), None) if key else None


def read_take(source: TakeSource) -> Take:
    """The performance of an action as a Take at 25 Hz. Raises TakeError when it holds none."""
    name = source.action.name
    if MARK in source.action and not source.own:
        raise TakeError(
            "The reference {name} is Mouthpiece's own bake: choose a captured or hand-made take.",
            name=name,
        )
    reading = read_reading(source.action, source.slot, source.owner)
    if reading is None:
        where = Message(" in slot {slot}", slot=source.slot) if source.slot else ""
        raise TakeError(
            "The reference {name} has no facial shape-key curves{where}: choose another.",
            name=name,
            where=where,
        )
    ranges = np.array([curve.range() for curve in reading.curves])
    first = ranges[:, 0].min() if source.first is None else source.first
    last = ranges[:, 1].max() if source.last is None else source.last
    clock = retarget.SceneClock(source.rate, float(first))
    count = int(np.floor((last - first) / source.rate * TICK_RATE + SLACK))
    if count < 1:
        raise TakeError(
            "The reference {name} is shorter than one model frame (40 ms): widen its frame range.",
            name=name,
        )
    frames = clock.frames(frame_times(count))
    channels, known = reading.channels(frames)
    turns = _head_turns(source, frames)
    if turns is not None:
        channels[:, [INDEX[axis] for axis in HEAD]] = head.angles(turns)
        known[[INDEX[axis] for axis in HEAD]] = True
    still = np.ptp(channels, axis=0).max() < STILL and not source.own
    if still or not np.isfinite(channels).all():
        raise TakeError(
            "The reference {name} does not move in frames {first:g} to {last:g}: choose another range.",
            name=name,
            first=first,
            last=last,
        )
    lead = round((float(first) - source.sound_frame) / source.rate * SAMPLE_RATE)
    audio = None if source.audio is None else retarget.cut(source.audio, lead, count * TICK_SAMPLES)
    return Take(channels, float(TICK_RATE), name, audio, known)


def _head_turns(source: TakeSource, frames: np.ndarray) -> np.ndarray | None:
    """Head rotations [T, 3, 3] of the mapped head's rotation curves in the action, None without any.

    How an object stands on the stage is no turn of its head: its rotation counts from the first frame on.
    """
    bone = source.head.bone if source.head else ""
    order = source.head.mode if source.head and source.head.mode != "QUATERNION" else "XYZ"
    frame = source.head.frame if source.head else np.eye(3)
    for kind, axes in _turning(source, bone):
        size = 4 if kind.endswith("quaternion") else 3
        values = np.array([[axes[i].evaluate(f) if i in axes else 0.0 for i in range(size)] for f in frames])
        turns = head.from_quaternions(values) if size == 4 else head.from_eulers(values, order)
        if not bone and not kind.startswith("delta_"):
            turns = turns[0].T @ turns
        return head.in_frame(turns, frame.T)
    return None


def _turning(source: TakeSource, bone: str) -> Iterator[tuple[str, dict[int, bpy.types.FCurve]]]:
    """The curves that may turn the head, by property and index: those of the take's owner, of its armature
    and of the mapped head first.

    Of other slots, which may be a prop's, only those that turn a bone of the head's name, or add to how an
    object stands, as the heads of imported takes do.
    """
    owner = source.owner or action_owner(source.action)
    family = {owner, owner and armature_of(owner), source.head and source.head.target} - {None}
    own = {slot.handle: _is_of(slot, family) for slot in source.action.slots}
    for slot in sorted(source.action.slots, key=lambda slot: not own[slot.handle]):
        found: dict[str, dict[int, bpy.types.FCurve]] = {}
        for curve in curves_of(source.action, slot):
            path = _TURN.match(curve.data_path)
            if path and bpy.utils.unescape_identifier(path[1] or "") == bone:
                found.setdefault(path[2], {})[curve.array_index] = curve
        loose = bone or own[slot.handle]
        yield from ((kind, axes) for kind, axes in found.items() if loose or kind.startswith("delta_"))


def _is_of(slot: bpy.types.ActionSlot, family: set[bpy.types.Object]) -> bool:
    """Whether a slot animates one of ``family``, or would by its name where it animates nothing now."""
    users = set(slot.users())
    return bool(users & family) if users else slot.name_display in {item.name for item in family}
