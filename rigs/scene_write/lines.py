"""Writes many lines at once: an Action each, side by side on Mouthpiece's NLA tracks.

A track is made anew beside the former one, with the lines that stay and those that are new, before anything
old goes; an error leaves the scene as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy

from ..bake_plan import BakePlan
from ..scene_read.bakes import TRACK, own_strips
from .actions import fill_action, mark, moved_by
from .strips import refuse_tweaked, remove_strips, remove_track

LINE_MARK = "mouthpiece_line"
"""Custom property of an Action that holds one line of a batch: the line's id."""
_KEPT = (
    "name",
    "action_frame_start",
    "action_frame_end",
    "frame_start",
    "frame_end",
    "mute",
    "influence",
    "blend_type",
    "blend_in",
    "blend_out",
    "extrapolation",
)
"""Settings of a strip that survive when its track is made anew."""


@dataclass(frozen=True)
class LinePlan:
    """A line to be written: its id, its curves, and the scene frames that it takes on the NLA.

    Without ``start`` and ``end`` it is an Action only, which the file keeps for later use.
    """

    id: str
    plan: BakePlan
    start: float | None = None
    end: float | None = None


def write_lines(lines: Sequence[LinePlan]) -> list[bpy.types.Action]:
    """Make an Action of every line, in order, in place of the line's former one.

    On the NLA a line also takes the place of whatever else Mouthpiece had there; all other strips stay, and
    those of former Actions that were laid out by hand play the new ones. Raises RigError while a strip that
    it would replace is being tweaked.
    """
    former = {action[LINE_MARK]: action.name for action in bpy.data.actions if LINE_MARK in action}
    placed = [line for line in lines if line.start is not None]
    left = [bpy.data.actions[former[line.id]] for line in placed if line.id in former]
    refuse_tweaked(part.datablock for line in placed for part in line.plan.curves)
    refuse_tweaked(block for action in left for block in moved_by(action))
    actions: list[bpy.types.Action] = []
    strips: dict[bpy.types.ID, list[_Strip]] = {}
    try:
        for line in lines:
            action = bpy.data.actions.new(line.plan.name)
            actions.append(action)
            slots = fill_action(action, line.plan.frames, line.plan.curves)
            action[LINE_MARK] = line.id
            action.use_fake_user = line.start is None
            for part, slot in zip(line.plan.curves, slots, strict=True) if line.start is not None else ():
                strips.setdefault(part.datablock, []).append(_Strip.of(line, action, slot))
        _place(strips)
    except Exception:
        for action in actions:
            bpy.data.actions.remove(action)
        raise
    for line, action in zip(lines, actions, strict=True):
        old = bpy.data.actions.get(former.get(line.id, ""))
        if old not in (None, action):
            _succeed(line, action, old)
        mark(action, line.plan)
    return actions


def _succeed(line: LinePlan, action: bpy.types.Action, old: bpy.types.Action) -> None:
    """Let ``action`` take the place of the line's former one; who no longer speaks it falls silent."""
    if line.start is None:
        old.user_remap(action)
        bpy.data.actions.remove(old)
        return
    for block in moved_by(old):
        remove_strips(block, action, only={old})
    if old.users == 0:
        bpy.data.actions.remove(old)


@contextmanager
def play_alone(plan: BakePlan) -> Iterator[bpy.types.Action]:
    """An Action of ``plan`` as all that moves its datablocks, for an export; it goes with the block.

    Other tracks are gone for good: this is for a file that nobody saves.
    """
    action = bpy.data.actions.new(plan.name)
    try:
        slots = fill_action(action, plan.frames, plan.curves)
        mark(action, plan)
        for part, slot in zip(plan.curves, slots, strict=True):
            data = part.datablock.animation_data or part.datablock.animation_data_create()
            for track in list(data.nla_tracks):
                data.nla_tracks.remove(track)
            data.action = action
            data.action_slot = slot
        yield action
    finally:
        bpy.data.actions.remove(action)


@dataclass(frozen=True)
class _Strip:
    """A strip to be: what it plays, and its settings by name."""

    action: bpy.types.Action
    slot: bpy.types.ActionSlot
    settings: dict[str, object]

    @classmethod
    def of(cls, line: LinePlan, action: bpy.types.Action, slot: bpy.types.ActionSlot) -> _Strip:
        """Plays unmoved and holds its last pose until the next one comes."""
        times = {"action_frame_start": line.start, "action_frame_end": line.end}
        times |= {"frame_start": line.start, "frame_end": line.end}
        return cls(action, slot, {"name": line.id, **times, "extrapolation": "HOLD"})

    @classmethod
    def like(cls, strip: bpy.types.NlaStrip) -> _Strip:
        return cls(strip.action, strip.action_slot, {name: getattr(strip, name) for name in _KEPT})

    @property
    def span(self) -> tuple[float, float]:
        return self.settings["frame_start"], self.settings["frame_end"]

    def put(self, track: bpy.types.NlaTrack) -> None:
        """Add it behind the last strip of ``track``."""
        free = int(max((strip.frame_end for strip in track.strips), default=self.span[0])) + 2
        strip = track.strips.new(self.settings["name"], max(free, int(self.span[0])), self.action)
        strip.action_slot = self.slot
        for name in _KEPT:
            if name in self.settings:
                setattr(strip, name, self.settings[name])


def _place(strips: dict[bpy.types.ID, list[_Strip]]) -> None:
    """Put strips onto a new track of each datablock, together with Mouthpiece's that stay."""
    bare = [block for block in strips if block.animation_data is None]
    made: list[tuple[bpy.types.AnimData, bpy.types.NlaTrack]] = []
    names: list[list[str]] = []
    try:
        for block, new in strips.items():
            data = block.animation_data or block.animation_data_create()
            former = [track for track in data.nla_tracks if _whole(track)]
            track = data.nla_tracks.new(prev=former[-1]) if former else data.nla_tracks.new()
            made.append((data, track))
            track.mute = bool(former) and former[-1].mute
            stay = [_Strip.like(strip) for track in former for strip in track.strips if _stays(strip, new)]
            ordered = sorted([*stay, *new], key=lambda strip: strip.span)
            for strip in ordered:
                strip.put(track)
            names.append([strip.settings["name"] for strip in ordered])
    except Exception:
        for data, track in made:
            data.nla_tracks.remove(track)
        for block in bare:
            block.animation_data_clear()
        raise
    for (data, track), block, named in zip(made, strips, names, strict=True):
        _remove(data, [former for former in data.nla_tracks if _whole(former) and former != track])
        track.name = TRACK
        for strip, name in zip(track.strips, named, strict=True):
            strip.name = name  # which the former strip had until now
        block.update_tag()


def _whole(track: bpy.types.NlaTrack) -> bool:
    """Whether Mouthpiece baked every strip of a track, and there is one."""
    return bool(track.strips) and len(own_strips(track)) == len(track.strips)


def _stays(strip: bpy.types.NlaStrip, new: Iterable[_Strip]) -> bool:
    """Whether a strip of a former batch is neither replaced nor in the way."""
    lines = {one.action[LINE_MARK] for one in new}
    free = all(strip.frame_end <= one.span[0] or strip.frame_start >= one.span[1] for one in new)
    return free and strip.action.get(LINE_MARK) not in lines


def _remove(data: bpy.types.AnimData, tracks: list[bpy.types.NlaTrack]) -> None:
    """Remove tracks, and Actions that nothing plays any more."""
    actions = {strip.action for track in tracks for strip in track.strips}
    for track in tracks:
        remove_track(data, track)
    for action in actions:
        if action.users == 0:
            bpy.data.actions.remove(action)
