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


def new_track(data: bpy.types.AnimData, *, over: bool = False) -> bpy.types.NlaTrack:
    """A track above Mouthpiece's former one (above the last of several when it is to lie ``over`` them), with
    its mute state, else above all."""
    former = [track for track in data.nla_tracks if own_strips(track)]
    if not former:
        return data.nla_tracks.new()
    chosen = former[-1] if over else former[0]
    track = data.nla_tracks.new(prev=chosen)
    track.mute = chosen.mute
    return track


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


def lay(strip: bpy.types.NlaStrip, options: StripOptions, *, over: bool) -> None:
    """Blend the strip as the artist wants. One that lies ``over`` a former bake shows only where it is."""
    strip.blend_type = adding(strip) if options.additive else "REPLACE"
    length = strip.frame_end - strip.frame_start
    strip.blend_in = min(options.blend_in, length)
    strip.blend_out = min(options.blend_out, length - strip.blend_in)
    if over:
        strip.extrapolation = "NOTHING"


def adding(strip: bpy.types.NlaStrip) -> str:
    """How values are added: shape keys plainly, turns of bones by Blender's own rules for each property."""
    return "ADD" if strip.action_slot.target_id_type == "KEY" else "COMBINE"


def remove_former(blocks: list[bpy.types.ID], action: bpy.types.Action, plan: BakePlan) -> None:
    """Remove Mouthpiece's other strips from ``blocks`` and from what else they moved, and unused Actions.

    A patch takes away only what lies wholly under it.
    """
    span = (float(plan.frames[0]) - 1.0, float(plan.frames[-1]) + 1.0) if plan.strip.patch else None
    former: set[bpy.types.Action] = set()
    for block in blocks:
        former |= remove_strips(block, lambda strip: strip.action != action and _within(strip, span))
    own = {old for old in former if not set(blocks).isdisjoint(moved_by(old))}  # and no duplicate's
    for moved in {block for old in own for block in moved_by(old)}.difference(blocks):
        remove_strips(moved, lambda strip: strip.action in own)
    for old in former:
        if old.users == 0:
            bpy.data.actions.remove(old)


def _within(strip: bpy.types.NlaStrip, span: tuple[float, float] | None) -> bool:
    return span is None or (strip.frame_start >= span[0] and strip.frame_end <= span[1])


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


def soloed(data: bpy.types.AnimData) -> bool:
    """Whether a track with a bake is all that is heard."""
    return any(track.is_solo and own_strips(track) for track in data.nla_tracks)


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
