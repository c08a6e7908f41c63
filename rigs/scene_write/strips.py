"""Mouthpiece's tracks and strips on the NLA: where a bake lies, and what of former bakes goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bpy
import numpy as np

from ...inference.errors import Message, RigError
from ..bake_plan import BakePlan
from ..options import StripOptions
from ..scene_read.animation import baked_strips
from ..scene_read.bakes import TRACK, baked_on, own_strips
from .actions import moved_by
from .line_home import LINE_MARK, is_placed


def add_strip(
    track: bpy.types.NlaTrack, action: bpy.types.Action, slot: bpy.types.ActionSlot, frames: np.ndarray
) -> None:
    """Play ``action`` unmoved and hold its ends, since Blender 5 rests a shape key that none plays at 1."""
    first, last = float(np.floor(frames[0])), float(np.floor(frames[-1]) + 1.0)
    strip = track.strips.new(TRACK, int(first), action)
    strip.action_slot = slot
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start, strip.frame_end = first, last
    strip.extrapolation = "HOLD"


def lay(strip: bpy.types.NlaStrip, options: StripOptions, *, holds: bool) -> None:
    """Blend the strip as the artist wants. One that ``holds`` no pose shows only where it is."""
    strip.blend_type = adding(strip) if options.additive else "REPLACE"
    length = strip.frame_end - strip.frame_start
    strip.blend_in = min(options.blend_in, length)
    strip.blend_out = min(options.blend_out, length - strip.blend_in)
    strip.extrapolation = "HOLD" if holds else "NOTHING"


def adding(strip: bpy.types.NlaStrip) -> str:
    """How values are added: shape keys plainly, turns of bones by Blender's own rules for each property."""
    return "ADD" if strip.action_slot.target_id_type == "KEY" else "COMBINE"


def remove_former(blocks: list[bpy.types.ID], action: bpy.types.Action, plan: BakePlan) -> None:
    """Remove the strips that ``plan`` replaces from ``blocks`` and from what else they moved, and unused
    Actions. Of another face's bake that turned the same head only the head's strip goes."""
    former: set[bpy.types.Action] = set()
    for block in blocks:
        stays = staying(block.animation_data, plan)
        former |= remove_strips(
            block, lambda strip, stays=stays: strip.action != action and strip not in stays
        )
    own = former - of_other_faces(former, plan)
    for moved in {block for old in own for block in moved_by(old)}.difference(blocks):
        remove_strips(moved, lambda strip: strip.action in own)
    for old in former:
        if old.users == 0:
            bpy.data.actions.remove(old)


def of_other_faces(bakes: Iterable[bpy.types.Action], plan: BakePlan) -> set[bpy.types.Action]:
    """Those of the ``bakes`` that moved nothing of the plan's but its head, or are a duplicate's."""
    blocks = {part.datablock for part in plan.curves}
    face = blocks - {plan.head} or blocks
    return {bake for bake in bakes if face.isdisjoint(moved_by(bake))}


def taken_head(plan: BakePlan) -> list[Message]:
    """Whose head ``plan`` will turn from now on: a head that was chosen for another face may still be set."""
    data = plan.head and plan.head.animation_data
    stays = staying(data, plan)
    bakes = {strip.action for strip in baked_on(data) if strip not in stays}
    return [
        Message(
            "{head} turned with {bake} and turns with this bake now: choose another head, or none, if it is "
            "another face's.",
            head=plan.head.name,
            bake=bake.name,
        )
        for bake in of_other_faces(bakes, plan)
    ]


def staying(data: bpy.types.AnimData | None, plan: BakePlan) -> list[bpy.types.NlaStrip]:
    """Mouthpiece's strips on a datablock that ``plan`` does not take the place of.

    A patch replaces those that lie wholly under it, any other bake all; but where a batch put lines side by
    side only those that it meets, and never what was laid out by hand.
    """
    own = baked_on(data)
    first, last = float(plan.frames[0]) - 1.0, float(plan.frames[-1]) + 1.0
    if plan.strip.patch:
        return [strip for strip in own if strip.frame_start < first or strip.frame_end > last]
    if not any(LINE_MARK in strip.action for strip in own):
        return []
    apart = (strip.frame_end <= first + 1.0 or strip.frame_start >= last - 1.0 for strip in own)
    return [strip for strip, away in zip(own, apart, strict=True) if away or not is_placed(strip.action)]


def remove_strips(block: bpy.types.ID, goes: Callable[[bpy.types.NlaStrip], bool]) -> set[bpy.types.Action]:
    """Remove those of Mouthpiece's strips that ``goes`` is true of, and tracks that leaves empty; the strips'
    Actions."""
    gone = set()
    for track in list(block.animation_data.nla_tracks) if block.animation_data else ():
        former = [strip for strip in own_strips(track) if goes(strip)]
        for strip in former:
            gone.add(strip.action)
            track.strips.remove(strip)
        if former and not track.strips:
            remove_track(block.animation_data, track)
    return gone


def remove_track(data: bpy.types.AnimData, track: bpy.types.NlaTrack) -> None:
    """Remove a track, and its solo with it, which would go on to silence all others."""
    if track.is_solo:
        track.is_solo = False
    data.nla_tracks.remove(track)


def refuse_tweaked(blocks: Iterable[bpy.types.ID]) -> None:
    """Raises RigError where an NLA strip of ``blocks``, or of what else their bakes moved, is in tweak mode:
    Blender crashes when such a strip is gone."""
    blocks = set(blocks)
    baked = {strip.action for block in blocks for strip in baked_strips(block)}
    for block in blocks.union(*map(moved_by, baked)):
        if block.animation_data and block.animation_data.use_tweak_mode:
            raise RigError(
                "{block}: an NLA strip is in tweak mode; leave it (Tab in the NLA editor) to bake.",
                block=block.name,
            )
