"""The strips of lines: where on the NLA they find room, while all other strips stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

import bpy

from ..scene_read.bakes import REST, TRACK, own_strips
from .layer import blend_again, blend_before
from .line_home import is_placed
from .strips import remove_strips

_AWAY = 1_000_000.0
"""Frames by which strips step aside while another is put before them."""


@dataclass(frozen=True)
class LineStrip:
    """A strip to be. It plays unmoved, and if it ``holds``, its last pose stays until the next one comes."""

    name: str
    action: bpy.types.Action
    slot: bpy.types.ActionSlot
    start: float
    end: float
    holds: bool = True

    def put(self, track: bpy.types.NlaTrack) -> None:
        """Add it to ``track``, which has room for it."""
        with _later_aside(track, self.start):
            before = [strip.frame_end for strip in track.strips if strip.frame_start < self.start]
            free = int(max(before, default=self.start)) + 2
            strip = track.strips.new(self.name, max(free, int(self.start)), self.action)
            strip.action_slot = self.slot
            strip.action_frame_start, strip.action_frame_end = self.start, self.end
            strip.frame_start, strip.frame_end = self.start, self.end
            strip.extrapolation = "HOLD" if self.holds else "NOTHING"
        strip.name = self.name

    def meets(self, strip: bpy.types.NlaStrip) -> bool:
        """Whether ``strip`` is in the way."""
        return strip.frame_start < self.end and strip.frame_end > self.start


@dataclass(frozen=True)
class Strips:
    """The strips of lines on one datablock, and those that lie below them."""

    lines: list[LineStrip] = field(default_factory=list)
    rests: list[LineStrip] = field(default_factory=list)


def beneath(block: bpy.types.ID) -> list[bpy.types.NlaTrack]:
    """The tracks of a datablock that lines lie over: all up to Mouthpiece's lowest."""
    tracks = list(block.animation_data.nla_tracks) if block.animation_data else []
    own = (place for place, track in enumerate(tracks) if own_strips(track))
    return tracks[: next(own, len(tracks))]


def place(strips: dict[bpy.types.ID, Strips], gone: set[bpy.types.Action], freed: set[bpy.types.ID]) -> None:
    """Put strips onto Mouthpiece's tracks of each datablock, or new ones, in place of what it baked there.

    Strips of Actions that are ``gone`` go from the ``freed`` datablocks, and so do Actions that nothing plays
    any more. An error changes nothing.
    """
    bare = [block for block in strips if block.animation_data is None]
    spots: dict[bpy.types.ID, list[_Spot]] = {block: [] for block in strips}
    try:
        for block, new in strips.items():
            data, below = block.animation_data or block.animation_data_create(), beneath(block)
            if new.rests:
                spots[block].append(_Spot(data, new, gone, REST, below[-1]))
                spots[block][-1].try_out()
            spots[block].append(_Spot(data, new, gone, TRACK))
            spots[block][-1].try_out()
    except Exception:
        for spot in chain(*spots.values()):
            spot.undo()
        for block in bare:
            block.animation_data_clear()
        raise
    removed = set()
    blends = {block: blend_before(block.animation_data) for block in {*freed, *strips}}
    for block in freed.difference(strips):
        removed |= remove_strips(block, lambda strip: strip.action in gone)
    for block, own in spots.items():
        removed |= remove_strips(block, own[-1].replaces)
        for spot in own:
            spot.settle()
        block.update_tag()
    for block, before in blends.items():
        blend_again(block.animation_data, before)
    for action in removed:
        if action.users == 0:
            bpy.data.actions.remove(action)


class _Spot:
    """Where the ``new`` strips of one datablock find room: on a track of that ``name`` that stays, or one of
    their own, above ``below`` if there is none yet."""

    def __init__(
        self,
        data: bpy.types.AnimData,
        new: Strips,
        gone: set[bpy.types.Action],
        name: str,
        below: bpy.types.NlaTrack | None = None,
    ) -> None:
        self.data, self.gone, self.name = data, gone, name
        self.lines = new.lines
        self.new = sorted(new.rests if name == REST else new.lines, key=lambda strip: strip.start)
        every = [track for track in data.nla_tracks if own_strips(track)]
        own = [track for track in every if track.name.startswith(REST) == (name == REST)]
        self.former = max((track for track in own if self._has_room(track)), key=_rank, default=None)
        self.stays = self.former is not None and bool(self._staying(self.former))
        self.above = self.former or (own[-1] if own else below)
        self.mute = bool(every) and (self.former or every[-1]).mute
        self.solo = self.former is not None and self.former.is_solo
        self.track: bpy.types.NlaTrack | None = None

    def replaces(self, strip: bpy.types.NlaStrip) -> bool:
        """Whether one of Mouthpiece's strips goes: it is gone, or in the way and not laid out by hand."""
        in_the_way = is_placed(strip.action) and any(line.meets(strip) for line in self.lines)
        return strip.action in self.gone or in_the_way

    def try_out(self) -> None:
        """Put the strips on a track of their own."""
        tracks = self.data.nla_tracks
        self.track = tracks.new(prev=self.above) if self.above else tracks.new()
        for strip in self.new:
            strip.put(self.track)

    def undo(self) -> None:
        if self.track is not None:
            self.data.nla_tracks.remove(self.track)

    def settle(self) -> None:
        """Let the strips join those that stay, or take the place of the track that went."""
        if self.stays:
            self.undo()
            for strip in self.new:
                strip.put(self.former)
            return
        self.track.name, self.track.mute = self.name, self.mute
        if self.solo:  # to say that it is not would end that of any other
            self.track.is_solo = True
        for strip, new in zip(self.track.strips, self.new, strict=True):
            strip.name = new.name  # which the former strip had until now

    def _staying(self, track: bpy.types.NlaTrack) -> list[bpy.types.NlaStrip]:
        own = own_strips(track)
        return [strip for strip in track.strips if strip not in own or not self.replaces(strip)]

    def _has_room(self, track: bpy.types.NlaTrack) -> bool:
        return not any(new.meets(strip) for strip in self._staying(track) for new in self.new)


def _rank(track: bpy.types.NlaTrack) -> tuple[bool, bool]:
    """Mouthpiece's tracks before others, and those that hold their poses before patches of them."""
    holds = any(strip.extrapolation != "NOTHING" for strip in own_strips(track))
    return track.name.startswith(TRACK), holds


@contextmanager
def _later_aside(track: bpy.types.NlaTrack, start: float) -> Iterator[None]:
    """Give a strip room at ``start``: those behind step far aside and back, nothing else of them changed."""
    later = [
        (strip, strip.frame_start_raw, strip.frame_end_raw)
        for strip in track.strips
        if strip.frame_start >= start
    ]
    for strip, first, last in later:
        strip.frame_start_raw, strip.frame_end_raw = first + _AWAY, last + _AWAY
    try:
        yield
    finally:
        for strip, first, last in later:
            strip.frame_start_raw, strip.frame_end_raw = first, last
