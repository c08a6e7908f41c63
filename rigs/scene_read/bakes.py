"""Mouthpiece's own bakes on the NLA, told from what is the artist's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import bpy
import numpy as np

from .animation import MARK, curves_of

TRACK = "Mouthpiece"
"""Name of the NLA tracks, their strips and the layers that a bake makes."""
REST = f"{TRACK} Rest"
"""Name of the tracks below, on which what a bake fades or adds to rests, and what it moves around itself."""


def is_own(action: bpy.types.Action) -> bool:
    """Whether ``action`` is a bake under the name that Mouthpiece gave it (True in files of before).

    A copy has the mark as well, under another name; so has a bake that was renamed to be kept.
    """
    return action.get(MARK) in (True, action.name)


def own_strips(track: bpy.types.NlaTrack) -> list[bpy.types.NlaStrip]:
    """The strips of ``track`` that a bake may replace.

    On Mouthpiece's tracks these play also what Blender numbered anew, as an appended bake. What lies on
    another track that is muted was put aside, as Blender's stash is.
    """
    named = track.name.startswith(TRACK)
    played = [strip for strip in track.strips if strip.action is not None and (named or not track.mute)]
    return [strip for strip in played if is_own(strip.action) or (named and _renumbered(strip.action))]


def baked_on(data: bpy.types.AnimData | None) -> list[bpy.types.NlaStrip]:
    """``own_strips`` of all tracks of a datablock, which may have no animation."""
    return [strip for track in data.nla_tracks for strip in own_strips(track)] if data else []


def kept_strips(track: bpy.types.NlaTrack) -> list[bpy.types.NlaStrip]:
    """Copies of bakes, and renamed ones, that lie on a track of Mouthpiece's, where they may be forgotten."""
    own = own_strips(track)
    marked = [strip for strip in track.strips if strip.action is not None and MARK in strip.action]
    return [strip for strip in marked if strip not in own and track.name.startswith(TRACK)]


def playing(track: bpy.types.NlaTrack) -> Iterator[tuple[bpy.types.NlaStrip, float, float]]:
    """The strips of ``track`` that are not muted, and from when to when (scene frames) each shows: the first
    may hold its pose before it, and every one behind it until the next."""
    strips = [] if track.mute else list(track.strips)
    for number, strip in enumerate(strips):
        before = number == 0 and strip.extrapolation == "HOLD"
        following = strips[number + 1].frame_start if number + 1 < len(strips) else np.inf
        last = strip.frame_end if strip.extrapolation == "NOTHING" else following
        if not strip.mute:
            yield strip, -np.inf if before else strip.frame_start, last


def moved_paths(strip: bpy.types.NlaStrip) -> set[tuple[str, int]]:
    """Data path and array index of every curve that a strip, or one in a meta strip, plays."""
    curves = curves_of(strip.action, strip.action_slot) if strip.action is not None else ()
    own = {(curve.data_path, curve.array_index) for curve in curves}
    return own.union(*map(moved_paths, strip.strips))


def _renumbered(action: bpy.types.Action) -> bool:
    return re.fullmatch(re.escape(str(action.get(MARK))) + r"\.\d{3,}", action.name) is not None
