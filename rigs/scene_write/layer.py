"""The layer of a bake on one datablock: its place among the artist's tracks, and what it lies on."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..bake_plan import BakePlan
from ..pose import Curves
from ..scene_read.bakes import REST, TRACK, baked_on, own_strips
from .rest import grounds, look_below
from .strips import add_strip, adding, lay, staying

BLEND_MARK = "mouthpiece_blend"
"""Custom properties of a bake (numbered by slot): how the artist's action above was blended before it."""


class Layer:
    """Where curves of ``plan`` lie: in the place of Mouthpiece's lowest track, above all without one; where
    any of Mouthpiece's strips stay, over its topmost track, and it shows only where it is."""

    def __init__(self, part: Curves, plan: BakePlan) -> None:
        self.part, self.plan = part, plan
        data = part.datablock.animation_data
        tracks = list(data.nla_tracks) if data else []
        own = [track for track in tracks if own_strips(track) and not track.name.startswith(REST)]
        self.over = bool(staying(data, plan))
        former = own[-1 if self.over else 0] if own else None
        below = tracks[: tracks.index(former) + 1] if former else tracks
        found = look_below(part, plan, below, over=self.over)
        self.holds = not self.over and not found.ever
        self.grounds = grounds(part, plan.strip, found, over=self.over)
        self.previous = below[-1] if below else None
        self.mute = former is not None and former.mute
        self.solo = any(track.is_solo for track in own)
        self.blend = blend_before(data)
        self.made: list[bpy.types.NlaTrack] = []

    def put(self, action: bpy.types.Action, slots: Sequence[bpy.types.ActionSlot]) -> None:
        """Make the tracks, those of the grounds first; ``slots`` are theirs and then the bake's."""
        data = self.part.datablock.animation_data or self.part.datablock.animation_data_create()
        for slot in slots:
            previous = self.made[-1] if self.made else self.previous
            track = data.nla_tracks.new(prev=previous) if previous else data.nla_tracks.new()
            self.made.append(track)
            track.mute = self.mute
            add_strip(track, action, slot, self.plan.frames)
        for track, ground in zip(self.made, self.grounds, strict=False):
            track.strips[0].extrapolation = "HOLD" if ground.hold else "NOTHING"
        lay(self.made[-1].strips[0], self.plan.strip, holds=self.holds)

    def undo(self) -> None:
        for track in self.made:
            self.part.datablock.animation_data.nla_tracks.remove(track)

    def settle(self, action: bpy.types.Action) -> None:
        """Take what the former bake had, which is gone now."""
        data = self.part.datablock.animation_data
        *rests, track = self.made
        track.name = track.strips[0].name = TRACK
        for rest in rests:
            rest.name = rest.strips[0].name = REST
        if self.solo and not any(other.is_solo for other in data.nla_tracks):
            track.is_solo = True  # to say that it is not would end that of any other
        if self.plan.strip.additive and data.action is not None:
            strip = track.strips[0]
            action[f"{BLEND_MARK}_{strip.action_slot_handle}"] = self.blend or data.action_blend_type
            data.action_blend_type = adding(strip)
        else:
            blend_again(data, self.blend)
        self.part.datablock.update_tag()


def blend_before(data: bpy.types.AnimData | None) -> str:
    """How the artist's action was blended before bakes added to it, "" where none does or she chose anew."""
    for strip in baked_on(data):
        before = strip.action.get(f"{BLEND_MARK}_{strip.action_slot_handle}", "")
        if before and data.action_blend_type == adding(strip):
            return before
    return ""


def blend_again(data: bpy.types.AnimData, before: str) -> None:
    """Blend the artist's action as ``before`` bakes added to it, once none does any more."""
    if before and not blend_before(data):
        data.action_blend_type = before
