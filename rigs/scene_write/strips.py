"""Mouthpiece's tracks and strips on the NLA: where a bake lies, and what of former bakes goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bpy
import numpy as np

from ...inference.errors import RigError
from ..bake_plan import BakePlan
from ..options import StripOptions
from ..scene_read.animation import baked_strips
from ..scene_read.bakes import TRACK, own_strips
from .actions import moved_by


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
    Actions."""
    former: set[bpy.types.Action] = set()
    for block in blocks:
        former |= remove_strips(block, lambda strip: strip.action != action and replaces(strip, plan))
    own = {old for old in former if not set(blocks).isdisjoint(moved_by(old))}  # and no duplicate's
    for moved in {block for old in own for block in moved_by(old)}.difference(blocks):
        remove_strips(moved, lambda strip: strip.action in own)
    for old in former:
        if old.users == 0:
            bpy.data.actions.remove(old)


def replaces(strip: bpy.types.NlaStrip, plan: BakePlan) -> bool:
    """Whether a bake takes the place of a former one's strip: a patch of one that lies wholly under it."""
    first, last = float(plan.frames[0]) - 1.0, float(plan.frames[-1]) + 1.0
    return not plan.strip.patch or (strip.frame_start >= first and strip.frame_end <= last)


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
